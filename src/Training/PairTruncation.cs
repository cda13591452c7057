namespace IterativeDpo.Training;

/// <summary>Pairs that fit, in their order, and how many could not be used.</summary>
/// <param name="Dropped">Pairs whose completions were equal, or became so where they were cut.</param>
public sealed record TruncatedPairs(IReadOnlyList<PreferencePair> Pairs, int Dropped);

/// <summary>
/// Fits pairs into a length: a completion's end is cut, never the prompt's start, and a pair without a difference is
/// dropped (a prompt that fills the length leaves none).
/// </summary>
public static class PairTruncation
{
    public static TruncatedPairs Apply(IReadOnlyList<PreferencePair> pairs, int maxLength)
    {
        var kept = new List<PreferencePair>(pairs.Count);
        foreach (var pair in pairs)
        {
            var room = Math.Max(0, maxLength - pair.PromptIds.Length);
            var chosen = Cut(pair.ChosenIds, room);
            var rejected = Cut(pair.RejectedIds, room);
            if (!chosen.AsSpan().SequenceEqual(rejected))
            {
                kept.Add(pair with { ChosenIds = chosen, RejectedIds = rejected });
            }
        }
        return new(kept, pairs.Count - kept.Count);
    }

    private static int[] Cut(int[] ids, int length) => ids.Length <= length ? ids : ids[..length];
}
