namespace IterativeDpo.Generation.Tasks;

/// <summary>Names the larger of two numbers.</summary>
internal static class CompareTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var a = random.Between(1, 99);
        var b = random.Between(1, 98);
        b = b >= a ? b + 1 : b;
        var (smaller, larger) = (Math.Min(a, b), Math.Max(a, b));
        return new(
            $"{smaller} {larger}",
            random.Pick([$"Which is larger, {a} or {b}?", $"Name the larger number: {a} {b}"]),
            $"{larger}",
            $"{smaller}");
    }
}
