namespace IterativeDpo.Generation.Tasks;

/// <summary>Picks one of four words by its place.</summary>
internal static class NthWordTask
{
    private static readonly string[] Ordinals = ["first", "second", "third", "fourth"];

    public static TaskProblem Draw(SplitMix64 random)
    {
        var words = Words.DrawDistinct(random, 4);
        var at = random.Below(words.Length);
        var text = string.Join(" ", words);
        return new(
            $"{at} {text}",
            random.Pick([$"What is word {at + 1} of: {text}", $"Give the {Ordinals[at]} word: {text}"]),
            words[at],
            words[(at + random.Between(1, words.Length - 1)) % words.Length]);
    }
}
