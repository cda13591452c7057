namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes a word in capitals.</summary>
internal static class CapitalsTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var word = Words.Draw(random);
        var capitals = word.ToUpperInvariant();
        return new(
            word,
            random.Pick([$"Write {word} in capitals.", $"Put the word {word} in capital letters."]),
            capitals,
            random.Pick([$"{capitals[0]}{word[1..]}", $"{capitals[..^1]}{word[^1]}", word]));
    }
}
