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
        var sizeOf = ExampleSizes.Of(examples);
        var groups = PromptGroups.Of([.. Enumerable.Range(0, examples.Count)], i => sizeOf(i).Group);
        int[] order = [.. Enumerable.Range(0, groups.Count)];
        Shuffle(order, SampleSeed.Mix(seed ^ SampleSeed.Mix((ulong)epoch)));
        return
        [
            .. order
                .SelectMany(group => groups[group].ToArray())
                .Chunk(batchExamples)
                .Select(step => PlanStep(sizeOf, step, microBatchTokens)),
        ];
    }

    /// <summary>Splits examples into forward passes of at most so many packed tokens (or one example, where that is more).</summary>
    public static IReadOnlyList<int[]> SplitByTokens(
        IReadOnlyList<ITrainingExample> examples,
        IEnumerable<int> indexes,
        int microBatchTokens
    ) => SplitByTokens(ExampleSizes.Of(examples), [.. indexes], microBatchTokens);

    private static List<int[]> SplitByTokens(Func<int, ExampleSize> sizeOf, int[] indexes, int microBatchTokens)
    {
        var groups = PromptGroups.Of(indexes, i => sizeOf(i).Group);
        var sizes = Enumerable.Range(0, groups.Count).Select(group => PackedTokens(sizeOf, groups[group])).ToArray();
        var result = new List<int[]>();
        var current = new List<int>();
        long tokens = 0;
        // Attention by tiles pads a pass's groups to the longest of them, so like goes with like; in our own loops the long ones begin.
        foreach (var group in Enumerable.Range(0, groups.Count).OrderByDescending(group => sizes[group]))
        {
            if (tokens + sizes[group] > microBatchTokens)
            {
                EndPass();
            }
            long prompt = sizeOf(groups[group][0]).PromptTokens;
            tokens += prompt;
            foreach (var i in groups[group])
            {
                if (current.Count > 0 && tokens + sizeOf(i).CompletionTokens > microBatchTokens)
                {
                    // A prompt with more than a pass takes is computed again in the next.
                    EndPass();
                    tokens = prompt;
                }
                current.Add(i);
                tokens += sizeOf(i).CompletionTokens;
            }
        }
        EndPass();
        return result;

        void EndPass()
        {
            if (current.Count > 0)
            {
                result.Add([.. current]);
                current.Clear();
            }
            tokens = 0;
        }
    }

    private static PlannedStep PlanStep(Func<int, ExampleSize> sizeOf, int[] step, int microBatchTokens) =>
        new(SplitByTokens(sizeOf, step, microBatchTokens), step.Length, step.Sum(i => (long)sizeOf(i).FirstTokens));

    private static long PackedTokens(Func<int, ExampleSize> sizeOf, ReadOnlySpan<int> group)
    {
        long tokens = sizeOf(group[0]).PromptTokens;
        foreach (var i in group)
        {
            tokens += sizeOf(i).CompletionTokens;
        }
        return tokens;
    }

    /// <summary>Fisher–Yates with SplitMix64: the same order on every machine and .NET version.</summary>
    private static void Shuffle(int[] items, ulong seed)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            seed = SampleSeed.Mix(seed);
            var j = (int)(seed % (ulong)(i + 1));
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
