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
    public BatchTensors(PackedBatch batch, ModelConfig config, ScalarType type, Device device)
    {
        // After the last attention only these are used.
        var predicting = batch.Predictors.Distinct().ToArray();
        var place = predicting.Select((row, i) => (row, i)).ToDictionary(p => p.row, p => p.i);
        TokenIds = Floats.Indexes(batch.TokenIds, device);
        Predictors = Floats.Indexes(batch.Predictors.Select(row => place[row]), device);
        Targets = Floats.Indexes(batch.Targets, device);
        Inner = new(null, AttentionOf(batch, null, config, type, device));
        Last = new(Floats.Indexes(predicting, device), AttentionOf(batch, predicting, config, type, device));
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

    private static IAttention AttentionOf(PackedBatch batch, int[]? rows, ModelConfig config, ScalarType type, Device device) => CpuMemory.Holds(device)
        ? new CpuAttention(config, batch, rows)
        : new TiledAttention(config, batch, rows, type, device);
}
