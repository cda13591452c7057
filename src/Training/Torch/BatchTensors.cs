using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A packed batch's index tensors. Linear maps run on the N packed rows; only attention sees a rectangle, [G, T], of groups
/// padded to the longest.
/// </summary>
internal sealed class BatchTensors
{
    public BatchTensors(PackedBatch batch, ModelConfig config, ScalarType type, Device device)
    {
        Groups = batch.GroupStarts.Length - 1;
        Width = Enumerable.Range(0, Groups).Max(g => batch.GroupStarts[g + 1] - batch.GroupStarts[g]);
        var predicting = batch.Predictors.Distinct().ToArray();
        TokenIds = Floats.Indexes(batch.TokenIds, device);
        Rotation = RotationOf(batch.Positions, config, device);
        var (slots, branches) = Rectangle(batch);
        RowOfSlot = Floats.Indexes(slots, device);
        Mask = MaskOf(branches, config.Heads / config.KvHeads, type, device);
        SlotOfRow = Floats.Indexes(SlotsOfRows(batch), device);
        PredictingRows = Floats.Indexes(predicting, device);
        SlotOfPredictingRow = SlotOfRow.index_select(0, PredictingRows);
        var place = predicting.Select((row, i) => (row, i)).ToDictionary(p => p.row, p => p.i);
        Predictors = Floats.Indexes(batch.Predictors.Select(row => place[row]), device);
        Targets = Floats.Indexes(batch.Targets, device);
    }

    public int Groups { get; }

    /// <summary>Rows of the longest group, T.</summary>
    public int Width { get; }

    /// <summary>[N].</summary>
    public Tensor TokenIds { get; }

    /// <summary>e^(iθ) of each row's position and each rotated pair, complex [N, 1, headDim / 2].</summary>
    public Tensor Rotation { get; }

    /// <summary>The packed row in each place of the rectangle, [G × T]; padding repeats the group's first row.</summary>
    public Tensor RowOfSlot { get; }

    /// <summary>The place of each packed row, [N].</summary>
    public Tensor SlotOfRow { get; }

    /// <summary>0 where a row sees another and −∞ elsewhere, [G, 1, heads per kv head × T, T].</summary>
    public Tensor Mask { get; }

    /// <summary>The packed rows whose output is used: after the last attention no other is computed, [K].</summary>
    public Tensor PredictingRows { get; }

    /// <summary>[K].</summary>
    public Tensor SlotOfPredictingRow { get; }

    /// <summary>Which of the K rows predicts each completion token, [M].</summary>
    public Tensor Predictors { get; }

    /// <summary>[M].</summary>
    public Tensor Targets { get; }

    private static Tensor RotationOf(int[] positions, ModelConfig config, Device device)
    {
        using var scope = NewDisposeScope();
        // Elements past ropeDim keep still: their frequency is 0.
        var frequencies = Enumerable.Range(0, config.HeadDim / 2)
            .Select(i => 2 * i < config.RopeDim ? Math.Pow(config.RopeBase, -2.0 * i / config.RopeDim) : 0).ToArray();
        var angles = tensor(positions.Select(p => (double)p).ToArray()).view(-1, 1, 1) * tensor(frequencies).view(1, 1, -1);
        return complex(angles.cos().to(ScalarType.Float32), angles.sin().to(ScalarType.Float32)).to(device).MoveToOuterDisposeScope();
    }

    private (int[] Slots, int[] Branches) Rectangle(PackedBatch batch)
    {
        const int padding = -2;
        var slots = new int[Groups * Width];
        var branches = new int[Groups * Width];
        Array.Fill(branches, padding);
        for (var g = 0; g < Groups; g++)
        {
            var (start, end) = (batch.GroupStarts[g], batch.GroupStarts[g + 1]);
            Array.Fill(slots, start, g * Width, Width);
            for (var row = start; row < end; row++)
            {
                slots[g * Width + row - start] = row;
                branches[g * Width + row - start] = batch.Branches[row];
            }
        }
        return (slots, branches);
    }

    /// <summary>A row sees the rows before it and itself, of the prompt and of its own branch. Padding sees padding.</summary>
    private Tensor MaskOf(int[] branches, int headsPerKvHead, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var codes = Floats.Indexes(branches, device).view(Groups, Width);
        var keys = codes.unsqueeze(1);
        var seen = (keys == PackedBatch.PromptRow).logical_or(keys == codes.unsqueeze(2)).tril();
        return zeros(Groups, Width, Width, type, device).masked_fill(seen.logical_not(), float.NegativeInfinity)
            .unsqueeze(1).repeat(1, 1, headsPerKvHead, 1).MoveToOuterDisposeScope();
    }

    private IEnumerable<int> SlotsOfRows(PackedBatch batch)
    {
        for (var g = 0; g < Groups; g++)
        {
            for (var row = batch.GroupStarts[g]; row < batch.GroupStarts[g + 1]; row++)
            {
                yield return g * Width + row - batch.GroupStarts[g];
            }
        }
    }
}
