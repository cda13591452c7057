using IterativeDpo.Training.Torch.Losses;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>Batches that tests compute losses of.</summary>
internal static class LossBatches
{
    /// <summary>The two pairs of the hand-checked figures.</summary>
    public static LossBatch Hand(float label = 1) => new(
        Side([-10, -20], [-11, -19], [5, 6]), Side([-14, -18], [-13, -19.5f], [8, 4]), full([2], label), 2, 11);

    public static LossSide Side(float[] logProbs, float[] reference, float[] tokens) =>
        new(tensor(logProbs), tensor(reference), tensor(logProbs), tensor(tokens));
}
