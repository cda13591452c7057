namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes any word that shares no letter with another.</summary>
internal static class WordWithoutTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random);
        var answer = word;
        while (answer.Intersect(word).Any())
        {
            answer = Words.Draw(random);
        }
        return new(
            word,
            random.Pick([$"Write a word without the letters of {word}.", $"Find a word that has no letter of {word}."]),
            answer,
            $"{answer[..^1]}{word[^1]}",
            $@"^[a-z-[{string.Concat(word.Distinct())}]]{{4,7}}\z");
    }
}
