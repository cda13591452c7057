namespace IterativeDpo.Generation.Tasks;

/// <summary>Takes 1–20 from 21–99.</summary>
internal static class SubtractTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var (a, b) = (random.Between(21, 99), random.Between(1, 20));
        return new(
            $"{a}-{b}",
            random.Pick([$"What is {a} - {b}?", $"Subtract {a} - {b}."]),
            $"{a - b}",
            $"{Slips.OffByOneOrTen(random, a - b)}");
    }
}
