namespace IterativeDpo.Training;

/// <summary>
/// Preference pairs as a packed batch: pairs of one prompt share its rows, and a completion that several pairs use is
/// computed once.
/// </summary>
/// <param name="Chosen">The branch of each pair's chosen completion, [P].</param>
/// <param name="Rejected">The branch of each pair's rejected completion, [P].</param>
public sealed record PackedPairs(PackedBatch Batch, int[] Chosen, int[] Rejected)
{
    public static PackedPairs Create(IReadOnlyList<PreferencePair> pairs)
    {
        var chosen = new int[pairs.Count];
        var rejected = new int[pairs.Count];
        var groups = new List<PackedGroup>();
        var branches = 0;
        // Equal ids do not promise an equal prompt: the tokens decide.
        foreach (var group in Enumerable.Range(0, pairs.Count).GroupBy(i => pairs[i].PromptIds, TokenComparer.Instance))
        {
            var completions = new Dictionary<int[], int>(TokenComparer.Instance);
            foreach (var i in group)
            {
                chosen[i] = BranchOf(pairs[i].ChosenIds);
                rejected[i] = BranchOf(pairs[i].RejectedIds);
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
        return new(PackedBatch.Create(groups), chosen, rejected);
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
