using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The rows that a block computes.</summary>
/// <param name="Kept">Which they are of the rows before it; null for all.</param>
/// <param name="Attention">How they attend.</param>
internal sealed record BlockRows(Tensor? Kept, IAttention Attention);

/// <summary>A packed batch's index tensors. There is no padding but inside attention.</summary>
internal sealed class BatchTensors
{
    /// <param name="ownLoops">See <see cref="OwnLoops.Attention"/>.</param>
    public BatchTensors(PackedBatch batch, ModelConfig config, ScalarType type, Device device, bool ownLoops)
    {
        // After the last attention only these are used.
        var predicting = batch.Predictors.Distinct().ToArray();
        var place = predicting.Select((row, i) => (row, i)).ToDictionary(p => p.row, p => p.i);
        TokenIds = Floats.Indexes(batch.TokenIds, device);
        Predictors = Floats.Indexes(batch.Predictors.Select(row => place[row]), device);
        Targets = Floats.Indexes(batch.Targets, device);
        var attention = AttentionOf(batch, config, type, device, ownLoops);
        Inner = new(null, attention(null));
        Last = new(Floats.Indexes(predicting, device), attention(predicting));
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

    /// <summary>Attention whose output is wanted for some rows, or for all.</summary>
    private static Func<int[]?, IAttention> AttentionOf(PackedBatch batch, ModelConfig config, ScalarType type, Device device, bool ownLoops)
    {
        if (ownLoops)
        {
            var table = new RotationTable(config, batch);
            return rows => new CpuAttention(config, table, batch, rows);
        }
        var rotation = Rotations.Of(batch, config, device);
        return rows => new TiledAttention(config, rotation, batch, rows, type, device);
    }
}
