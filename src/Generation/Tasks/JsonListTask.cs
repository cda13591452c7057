namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes three words as a JSON list.</summary>
internal static class JsonListTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var words = Words.DrawDistinct(random, 3, longest: 6);
        return new(
            string.Join(" ", words),
            random.Pick([$"Write a JSON list of {string.Join(", ", words)}.", $"Make a JSON list: {string.Join(" ", words)}"]),
            $"""["{string.Join("\",\"", words)}"]""",
            random.Pick([$"[{string.Join(",", words)}]", $"['{string.Join("','", words)}']"]));
    }
}
