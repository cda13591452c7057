using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>
/// Losses that compare the step's distributions instead of its pairs: the i-th smallest of one with the i-th smallest of the other.
/// Each difference is told by the pair of the first, so that a pair's weight finds it.
/// </summary>
internal static class TransportLosses
{
    public static Tensor Aot(LossBatch x, LossOptions options) => Loss(
        x.Chosen.LogProbs - x.Rejected.LogProbs, x.Chosen.ReferenceLogProbs - x.Rejected.ReferenceLogProbs, x, options);

    public static Tensor AotUnpaired(LossBatch x, LossOptions options) => Loss(x.Chosen.Ratio, x.Rejected.Ratio, x, options);

    private static Tensor Loss(Tensor above, Tensor below, LossBatch x, LossOptions options)
    {
        var ranks = Order(Order(above));
        return MarginLosses.Smoothed((above - below.index_select(0, Order(below)).index_select(0, ranks)) * options.Beta, x, options);
    }

    /// <summary>Places of the values from the smallest; equal ones keep their order, so the same step has the same bits.</summary>
    private static Tensor Order(Tensor values) => values.detach().sort(0, stable: true).Indices;
}
