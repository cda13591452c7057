using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training;

/// <summary>
/// Examples as a packed batch: examples of one prompt share its rows, and a completion that several of them use is
/// computed once.
/// </summary>
/// <param name="First">The branch of each example's first completion, [P].</param>
/// <param name="Second">The branch of each example's second completion, [P].</param>
public sealed record PackedExamples(PackedBatch Batch, int[] First, int[] Second)
{
    /// <param name="thoughts">See <see cref="PackedBatch.Create"/>.</param>
    public static PackedExamples Create(IReadOnlyList<ITrainingExample> examples, ThoughtMarks? thoughts = null)
    {
        var first = new int[examples.Count];
        var second = new int[examples.Count];
        var groups = new List<PackedGroup>();
        var branches = 0;
        // Equal ids do not promise an equal prompt: the tokens decide.
        foreach (var group in Enumerable.Range(0, examples.Count).GroupBy(i => examples[i].PromptIds, TokenComparer.Instance))
        {
            var completions = new Dictionary<int[], int>(TokenComparer.Instance);
            foreach (var i in group)
            {
                first[i] = BranchOf(examples[i].First);
                second[i] = BranchOf(examples[i].Second);
            }
            // A dictionary that nothing is removed from keeps the order of insertion, but does not promise it.
            groups.Add(new(group.Key, [.. completions.OrderBy(c => c.Value).Select(c => c.Key)]));
            branches += completions.Count;

            int BranchOf(int[] ids)
            {
                if (!completions.TryGetValue(ids, out var branch))
                {
                    branch = branches + completions.Count;
                    completions.Add(ids, branch);
                }
                return branch;
            }
        }
        return new(PackedBatch.Create(groups, thoughts), first, second);
    }

    /// <summary>How often a padded batch, which has a row for each token of each example's completions and their prompts, has each of the
    /// batch's rows, [N].</summary>
    public float[] CountRows()
    {
        var (counts, uses, prediction) = (new float[Batch.TokenIds.Length], new int[Batch.BranchTokens.Length], 0);
        foreach (var branch in First.Concat(Second))
        {
            uses[branch]++;
        }
        for (var branch = 0; branch < uses.Length; prediction += Batch.BranchTokens[branch++])
        {
            // The second completion of an unpaired example is none.
            if (Batch.BranchTokens[branch] == 0)
            {
                continue;
            }
            var group = Array.FindLastIndex(Batch.GroupStarts, start => start <= Batch.Predictors[prediction]);
            for (var row = Batch.GroupStarts[group]; row < Batch.GroupStarts[group + 1]; row++)
            {
                counts[row] += Batch.Branches[row] == branch || Batch.Branches[row] == PackedBatch.PromptRow ? uses[branch] : 0;
            }
        }
        return counts;
    }

    private sealed class TokenComparer : IEqualityComparer<int[]>
    {
        public static readonly TokenComparer Instance = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] ids)
        {
            var hash = new HashCode();
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(ids.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
