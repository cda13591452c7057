using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The rows that a block computes.</summary>
/// <param name="Kept">Which they are of the rows before it; null for all.</param>
/// <param name="Attention">How they attend; null in a block that does not.</param>
/// <param name="History">The rows before each, where a block of the model convolves.</param>
/// <param name="Deltas">How states go over the batch, where a block of the model has one.</param>
internal sealed record BlockRows(Tensor? Kept, IAttention? Attention, RowHistory? History, DeltaPlan? Deltas);

/// <summary>A packed batch's index tensors.</summary>
internal sealed class BatchTensors
{
    private readonly IReadOnlyList<BlockRows> _blocks;

    /// <param name="ownLoops">See <see cref="OwnLoops.Attention"/>.</param>
    /// <param name="wholeBlocks">Whether the last block computes all rows too.</param>
    public BatchTensors(PackedBatch batch, ModelConfig config, ScalarType type, Device device, bool ownLoops, bool wholeBlocks = false)
    {
        if (batch.Positions.DefaultIfEmpty().Max() is var last && last >= config.MostPositions)
        {
            throw new UserInputException(
                $"a sequence has {last + 1} tokens or more; from {config.MostPositions} on llama.cpp computes the positions of this "
                + "model otherwise, and only shorter ones are trained. Lower training.max-length.");
        }
        // After the last attention only these are used.
        int[] predicting = wholeBlocks ? [.. Enumerable.Range(0, batch.TokenIds.Length)] : [.. batch.Predictors.Distinct()];
        // Experts' loads count the rows that there are.
        predicting = config.Experts is null ? FilledUp(predicting, batch) : predicting;
        var place = predicting.Select((row, i) => (row, i)).ToDictionary(p => p.row, p => p.i);
        TokenIds = Floats.Indexes(batch.TokenIds, device);
        Predictors = Floats.Indexes(batch.Predictors.Select(row => place[row]), device);
        Targets = Floats.Indexes(batch.Targets, device);
        // Null is a block that does not attend.
        var kinds = Enumerable.Range(0, config.Layers)
            .Select(layer => config.Attends(layer) ? config.AttentionOf(layer) : (BlockAttention?)null)
            .ToList();
        var attention = AttentionOf(kinds.OfType<BlockAttention>(), batch, config, type, device, ownLoops && config.ScoreCap == 0);
        var inner = kinds.SkipLast(1).OfType<BlockAttention>().Distinct()
            .ToDictionary(kind => kind, kind => new BlockRows(null, attention(kind, null), null, null));
        var taps = config.Convolution?.Taps ?? config.DeltaNet?.Taps;
        var history = taps is null ? null : new RowHistory(batch, taps.Value - 1, device);
        var deltas = config.DeltaNet is null ? null : new DeltaPlan(batch, device);
        var mixing = new BlockRows(null, null, history, deltas);
        _blocks =
        [
            .. kinds.SkipLast(1).Select(kind => kind is { } attending ? inner[attending] : mixing),
            new(Floats.Indexes(predicting, device), kinds[^1] is { } ending ? attention(ending, predicting) : null, history, deltas),
        ];
    }

    /// <summary>[N].</summary>
    public Tensor TokenIds { get; }

    /// <summary>Which of the K rows predicts each completion token, [M].</summary>
    public Tensor Predictors { get; }

    /// <summary>[M].</summary>
    public Tensor Targets { get; }

    /// <summary>The rows of a block: all N of them, and in the last one the K that predict a token.</summary>
    public BlockRows RowsOf(int layer) => _blocks[layer];

    /// <summary>Some rows, and as many others as <see cref="RowCounts"/> wants.</summary>
    private static int[] FilledUp(int[] rows, PackedBatch batch)
    {
        var missing = RowCounts.FillUpMany(rows.Length) - rows.Length;
        return missing == 0 ? rows : [.. rows, .. Enumerable.Range(0, batch.TokenIds.Length).Except(rows).TakeLast(missing)];
    }

    /// <summary>Attention whose output is wanted for some rows, or for all. Blocks that rotate alike share what that takes.</summary>
    private static Func<BlockAttention, int[]?, IAttention> AttentionOf(
        IEnumerable<BlockAttention> kinds, PackedBatch batch, ModelConfig config, ScalarType type, Device device, bool ownLoops)
    {
        static BlockAttention Rotation(BlockAttention kind) => kind with { Window = 0 };
        var rotations = kinds.Select(Rotation).Distinct();
        if (ownLoops)
        {
            var tables = rotations.ToDictionary(kind => kind, kind => new RotationTable(config, kind, batch));
            return (kind, rows) => new CpuAttention(config, tables[Rotation(kind)], batch, rows, kind.Window);
        }
        var factors = rotations.ToDictionary(kind => kind, kind => Rotations.Of(batch, config, kind, device));
        return (kind, rows) => new TiledAttention(config, factors[Rotation(kind)], batch, rows, kind.Window, type, device);
    }
}
