namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>
/// What losses are a function of, as plain float64 arrays: an example's first and second completion, [P] each. The names are those of
/// docs/losses.md; r, n and so on follow from them.
/// </summary>
/// <param name="Sums">Σ log p of the first completions without LD-DPO's weights.</param>
/// <param name="Weights">WPO's weights: constants.</param>
/// <param name="K">KTO's: a constant.</param>
internal sealed record PlainBatch(
    double[] W, double[] L, double[] WRef, double[] LRef, int[] Nw, int[] Nl, double[] Sums, double[] Labels, double[] Weights, double K)
{
    public int Count => W.Length;

    /// <summary>max(0, mean of r over the mismatched completions that there are).</summary>
    public double Divergence() => Math.Max(0, L.Zip(LRef, (l, r) => l - r).Sum() / Math.Max(1, Nl.Count(n => n > 0)));
}
