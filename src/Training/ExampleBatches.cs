using IterativeDpo.Generation;

namespace IterativeDpo.Training;

/// <summary>One optimiser step: its examples by index, split into forward passes.</summary>
/// <param name="Examples">Examples in the step; losses are their mean.</param>
/// <param name="FirstTokens">Tokens of their first completions; the SFT term is a mean over these.</param>
public sealed record PlannedStep(IReadOnlyList<int[]> MicroBatches, int Examples, long FirstTokens);

/// <summary>
/// Puts examples in a seeded order and cuts the order into steps. Examples of one prompt stay together, so that a step computes
/// the prompt once; only a step's border may part them.
/// </summary>
public static class ExampleBatches
{
    /// <summary>Plans one epoch. Every step but the last has exactly <paramref name="batchExamples"/> examples.</summary>
    public static IReadOnlyList<PlannedStep> PlanEpoch(
        IReadOnlyList<ITrainingExample> examples, int batchExamples, int microBatchTokens, ulong seed, int epoch)
    {
        var groups = GroupByPrompt(examples, Enumerable.Range(0, examples.Count));
        Shuffle(groups, SampleSeed.Mix(seed ^ SampleSeed.Mix((ulong)epoch)));
        return [.. groups.SelectMany(group => group).Chunk(batchExamples).Select(step => PlanStep(examples, step, microBatchTokens))];
    }

    /// <summary>Splits examples into forward passes of at most so many packed tokens (or one prompt, where that is more).</summary>
    public static IReadOnlyList<int[]> SplitByTokens(IReadOnlyList<ITrainingExample> examples, IEnumerable<int> indexes, int microBatchTokens)
    {
        var groups = GroupByPrompt(examples, indexes)
            .Select(group => (Group: group, Tokens: PackedTokens(examples, group)))
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

    private static PlannedStep PlanStep(IReadOnlyList<ITrainingExample> examples, int[] step, int microBatchTokens) =>
        new(SplitByTokens(examples, step, microBatchTokens), step.Length, step.Sum(i => (long)examples[i].First.Length));

    private static List<int[]> GroupByPrompt(IReadOnlyList<ITrainingExample> examples, IEnumerable<int> indexes) =>
        [.. indexes.GroupBy(i => examples[i].PromptId).Select(group => group.ToArray())];

    private static long PackedTokens(IReadOnlyList<ITrainingExample> examples, int[] group) =>
        examples[group[0]].PromptIds.Length + group.Sum(i => (long)examples[i].First.Length + examples[i].Second.Length);

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
