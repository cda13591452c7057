using IterativeDpo.Generation;

namespace IterativeDpo.Training;

/// <summary>One optimiser step: its pairs by index, split into forward passes.</summary>
/// <param name="Pairs">Pairs in the step; losses are their mean.</param>
/// <param name="ChosenTokens">Tokens of their chosen completions; the SFT term is a mean over these.</param>
public sealed record PlannedStep(IReadOnlyList<int[]> MicroBatches, int Pairs, long ChosenTokens);

/// <summary>
/// Puts pairs in a seeded order and cuts the order into steps. Pairs of one prompt stay together, so that a step computes
/// the prompt once; only a step's border may part them.
/// </summary>
public static class PairBatches
{
    /// <summary>Plans one epoch. Every step but the last has exactly <paramref name="batchPairs"/> pairs.</summary>
    public static IReadOnlyList<PlannedStep> PlanEpoch(
        IReadOnlyList<PreferencePair> pairs, int batchPairs, int microBatchTokens, ulong seed, int epoch)
    {
        var groups = GroupByPrompt(pairs, Enumerable.Range(0, pairs.Count));
        Shuffle(groups, SampleSeed.Mix(seed ^ SampleSeed.Mix((ulong)epoch)));
        return [.. groups.SelectMany(group => group).Chunk(batchPairs).Select(step => PlanStep(pairs, step, microBatchTokens))];
    }

    /// <summary>Splits pairs into forward passes of at most so many packed tokens (or one prompt, where that is more).</summary>
    public static IReadOnlyList<int[]> SplitByTokens(IReadOnlyList<PreferencePair> pairs, IEnumerable<int> indexes, int microBatchTokens)
    {
        var groups = GroupByPrompt(pairs, indexes)
            .Select(group => (Group: group, Tokens: PackedTokens(pairs, group)))
            // Attention pads a pass's groups to the longest of them, so like goes with like.
            .OrderByDescending(g => g.Tokens);
        var result = new List<int[]>();
        var current = new List<int>();
        long tokens = 0;
        foreach (var (group, size) in groups)
        {
            if (current.Count > 0 && tokens + size > microBatchTokens)
            {
                result.Add([.. current]);
                current.Clear();
                tokens = 0;
            }
            current.AddRange(group);
            tokens += size;
        }
        if (current.Count > 0)
        {
            result.Add([.. current]);
        }
        return result;
    }

    private static PlannedStep PlanStep(IReadOnlyList<PreferencePair> pairs, int[] step, int microBatchTokens) =>
        new(SplitByTokens(pairs, step, microBatchTokens), step.Length, step.Sum(i => (long)pairs[i].ChosenIds.Length));

    private static List<int[]> GroupByPrompt(IReadOnlyList<PreferencePair> pairs, IEnumerable<int> indexes) =>
        [.. indexes.GroupBy(i => pairs[i].PromptId).Select(group => group.ToArray())];

    private static long PackedTokens(IReadOnlyList<PreferencePair> pairs, int[] group) =>
        pairs[group[0]].PromptIds.Length + group.Sum(i => (long)pairs[i].ChosenIds.Length + pairs[i].RejectedIds.Length);

    /// <summary>Fisher–Yates with SplitMix64: the same order on every machine and .NET version.</summary>
    private static void Shuffle<T>(List<T> items, ulong seed)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            seed = SampleSeed.Mix(seed);
            var j = (int)(seed % (ulong)(i + 1));
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
