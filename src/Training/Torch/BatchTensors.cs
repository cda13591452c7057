using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The rows that a block computes.</summary>
/// <param name="Plan">Which they are, and how they attend.</param>
/// <param name="Rotation">
/// √scale · e^(iθ) for each of the N rows and each rotated pair, complex [N, 1, headDim / 2]: q and k both carry the root of
/// the scores' scale, 1 / √headDim.
/// </param>
/// <param name="InverseRotation">Its conjugate, which turns gradients.</param>
internal sealed record BlockRows(AttentionPlan Plan, Tensor Rotation, Tensor InverseRotation);

/// <summary>A packed batch's index tensors. There is no padding but inside attention.</summary>
internal sealed class BatchTensors
{
    public BatchTensors(PackedBatch batch, ModelConfig config, ScalarType type, Device device)
    {
        // After the last attention only these are used.
        var predicting = batch.Predictors.Distinct().ToArray();
        var place = predicting.Select((row, i) => (row, i)).ToDictionary(p => p.row, p => p.i);
        TokenIds = Floats.Indexes(batch.TokenIds, device);
        Predictors = Floats.Indexes(batch.Predictors.Select(row => place[row]), device);
        Targets = Floats.Indexes(batch.Targets, device);
        var (rotation, inverse) = RotationsOf(batch.Positions, config, device);
        Inner = new(new(batch, null, type, device), rotation, inverse);
        Last = new(new(batch, predicting, type, device), rotation, inverse);
    }

    /// <summary>[N].</summary>
    public Tensor TokenIds { get; }

    /// <summary>All N rows: of every block but the last.</summary>
    public BlockRows Inner { get; }

    /// <summary>The K rows that predict a token: of the last block.</summary>
    public BlockRows Last { get; }

    /// <summary>Which of the K rows predicts each completion token, [M].</summary>
    public Tensor Predictors { get; }

    /// <summary>[M].</summary>
    public Tensor Targets { get; }

    private static (Tensor Rotation, Tensor Inverse) RotationsOf(int[] positions, ModelConfig config, Device device)
    {
        using var scope = NewDisposeScope();
        // Elements past ropeDim keep still: their frequency is 0.
        var frequencies = Enumerable.Range(0, config.HeadDim / 2)
            .Select(i => 2 * i < config.RopeDim ? Math.Pow(config.RopeBase, -2.0 * i / config.RopeDim) : 0).ToArray();
        var angles = tensor(positions.Select(p => (double)p).ToArray()).view(-1, 1, 1) * tensor(frequencies).view(1, 1, -1);
        var length = Math.Pow(config.HeadDim, -0.25);
        var (real, imaginary) = ((angles.cos() * length).to(ScalarType.Float32), (angles.sin() * length).to(ScalarType.Float32));
        var (rotation, inverse) = (complex(real, imaginary).to(device), complex(real, -imaginary).to(device));
        scope.MoveToOuter([rotation, inverse]);
        return (rotation, inverse);
    }
}
