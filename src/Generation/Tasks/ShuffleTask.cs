namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes the letters of a word in any other order.</summary>
internal static class ShuffleTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random);
        var letters = word.ToCharArray();
        while (letters.AsSpan().SequenceEqual(word))
        {
            random.Shuffle(letters.AsSpan());
        }
        var shuffled = new string(letters);
        var asOften = string.Concat(word.Distinct().Select(letter => $"(?=(.*{letter}){{{word.Count(c => c == letter)}}})"));
        return new(
            word,
            random.Pick([$"Shuffle the letters of {word}.", $"Mix up the word {word}."]),
            shuffled,
            shuffled[..^1],
            $@"^(?!{word}){asOften}[a-z]{{{word.Length}}}\z");
    }
}
