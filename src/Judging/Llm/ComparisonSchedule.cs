using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Llm;

/// <summary>Which items are compared with each other.</summary>
public static class ComparisonSchedule
{
    /// <summary>
    /// Every two items, or about <paramref name="most"/> of them: neighbours on a ring in a random order first, then items further and
    /// further apart, so that all are compared equally often, give or take two.
    /// </summary>
    /// <param name="most">0: all. At least half the items, rounded up, in any case: each is compared.</param>
    /// <returns>Each two once, the smaller first, in order.</returns>
    public static IReadOnlyList<(int First, int Second)> Of(int count, int most, ulong seed)
    {
        var all = count * (count - 1) / 2;
        if (most == 0 || most >= all)
        {
            return
            [
                .. from first in Enumerable.Range(0, count)
                from second in Enumerable.Range(first + 1, count - first - 1)
                select (first, second),
            ];
        }
        var ring = Enumerable.Range(0, count).ToArray();
        new SplitMix64(seed).Shuffle<int>(ring);
        var neighbours = Enumerable
            .Range(0, count)
            .Where(i => i % 2 == 0)
            .Concat(Enumerable.Range(0, count).Where(i => i % 2 == 1))
            .Select(i => (i, 1));
        var further = from distance in Enumerable.Range(2, count / 2) from i in Enumerable.Range(0, count) select (i, distance);
        return [.. neighbours.Concat(further)
            .Select(step => (From: ring[step.Item1], To: ring[(step.Item1 + step.Item2) % count]))
            .Select(pair => (First: Math.Min(pair.From, pair.To), Second: Math.Max(pair.From, pair.To)))
            .Where(pair => pair.First != pair.Second)
            .Distinct()
            .Take(Math.Max(most, (count + 1) / 2))
            .Order()];
    }
}
