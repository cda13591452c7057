using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// Leaves pairs out, at random, until the chosen completion is the longer one exactly as often as the shorter one; so length by itself says
/// nothing of which is chosen. Pairs of equal length stay, and ties. Which pairs stay depends on the seed and on the whole selection, not
/// on its order.
/// </summary>
internal static class LengthBalance
{
    /// <param name="selected">Read twice. In between, eight bytes are kept for each pair of unequal length.</param>
    public static IEnumerable<PromptPairs> Apply(IEnumerable<PromptPairs> selected, ulong seed)
    {
        var (sign, limit) = Surplus(selected, seed);
        foreach (var prompt in selected)
        {
            SelectedPair[] kept =
            [
                .. prompt.Selection.Pairs.Where(pair =>
                    pair.IsTie || Math.Sign(pair.LengthDifference) != sign || KeyOf(pair, seed) < limit),
            ];
            var unbalanced = prompt.Selection.Pairs.Count - kept.Length;
            yield return unbalanced == 0 ? prompt : prompt with
            {
                Selection = new(kept, prompt.Selection.Counts with
                {
                    Pairs = kept.Length,
                    Unbalanced = unbalanced,
                    NoneSelected = kept.Length == 0 ? 1 : 0,
                }),
            };
        }
    }

    /// <returns>The sign of the length difference that there is too much of, and the key below which its pairs stay; 0 where there is
    /// none.</returns>
    private static (int Sign, ulong Limit) Surplus(IEnumerable<PromptPairs> selected, ulong seed)
    {
        List<ulong> longer = [], shorter = [];
        foreach (var pair in selected.SelectMany(prompt => prompt.Selection.Pairs).Where(pair => pair.LengthDifference != 0 && !pair.IsTie))
        {
            (pair.LengthDifference > 0 ? longer : shorter).Add(KeyOf(pair, seed));
        }
        if (longer.Count == shorter.Count)
        {
            return (2, 0);
        }
        var (many, few) = longer.Count > shorter.Count ? (longer, shorter) : (shorter, longer);
        many.Sort();
        return (many == longer ? 1 : -1, many[few.Count]);
    }

    private static ulong KeyOf(SelectedPair pair, ulong seed) =>
        SampleSeed.Derive(seed, pair.ChosenIndex, pair.PromptId, pair.RejectedIndex);
}
