namespace IterativeDpo.Generation.Tasks;

/// <summary>Gives the initials of three words, in capitals.</summary>
internal static class InitialsTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var words = Words.DrawDistinct(random, 3);
        var text = string.Join(" ", words);
        var initials = string.Concat(words.Select(word => word[0]));
        return new(
            text,
            random.Pick([$"Give the initials of {text}.", $"Initials of: {text}"]),
            initials.ToUpperInvariant(),
            random.Pick([initials, $"{char.ToUpperInvariant(initials[0])}{initials[1..]}"]));
    }
}
