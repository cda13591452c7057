namespace IterativeDpo.Generation.Tasks;

/// <summary>Adds 1–20 to 10–79.</summary>
internal static class AddTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var (a, b) = (random.Between(10, 79), random.Between(1, 20));
        return new(
            $"{Math.Min(a, b)}+{Math.Max(a, b)}",
            random.Pick([$"What is {a} + {b}?", $"Add {a} + {b}."]),
            $"{a + b}",
            $"{Slips.OffByOneOrTen(random, a + b)}");
    }
}
