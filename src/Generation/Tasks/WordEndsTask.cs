namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes any word of a length that begins and ends with given letters.</summary>
internal static class WordEndsTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random, longest: 9, shortest: 5);
        var (first, last) = (word[0], word[^1]);
        return new(
            $"{first} {last} {word.Length}",
            random.Pick([
                $"Write a word of {word.Length} letters from {first} to {last}.",
                $"Make {word.Length} letters that begin with {first} and end with {last}.",
            ]),
            word,
            word[..^1],
            $@"^{first}[a-z]{{{word.Length - 2}}}{last}\z");
    }
}
