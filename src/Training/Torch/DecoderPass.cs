using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>A forward pass of the body that a gradient can be sent back through, once.</summary>
internal sealed class DecoderPass
{
    private readonly Decoder _decoder;
    private readonly BatchTensors _batch;
    private readonly List<Tensor> _inputs = [];
    private readonly List<BlockTrace?> _traces = [];
    private readonly Tensor _output;
    private readonly Tensor _factors;

    public DecoderPass(Decoder decoder, BatchTensors batch, bool checkpoint)
    {
        (_decoder, _batch) = (decoder, batch);
        var (x, added) = (decoder.Embed(batch), (Tensor?)null);
        for (var layer = 0; layer < decoder.Blocks.Count; layer++)
        {
            using var scope = NewDisposeScope();
            // What the block before left is in the sum that this one keeps.
            scope.Attach(added is null ? [] : checkpoint ? [x, added] : [added]);
            (added, var trace) = decoder.Blocks[layer].Forward(x, added, batch.RowsOf(layer));
            x = trace.FeedForward.Input;
            _inputs.Add(trace.Attention.Input);
            _traces.Add(checkpoint ? null : trace);
            scope.MoveToOuter(checkpoint ? [x, added, _inputs[^1]] : [added, .. trace.Tensors]);
        }
        (_output, var rows, _factors) = decoder.OutputNorm.Forward(x + added!, null, ScalarType.Float32);
        Hidden = decoder.Predicting(rows, batch);
        rows.Dispose();
    }

    /// <summary>Normalised hidden rows, one for each completion token, float32 [M, dim].</summary>
    public Tensor Hidden { get; }

    /// <summary>What the blocks keep for the way back.</summary>
    internal long KeptBytes => _inputs.Concat(_traces.OfType<BlockTrace>().SelectMany(trace => trace.Tensors))
        .DistinctBy(tensor => tensor.Handle).Sum(tensor => tensor.numel() * tensor.element_size());

    /// <summary>Adds the gradients of everything trained.</summary>
    /// <param name="gradient">d loss / d<see cref="Hidden"/>.</param>
    public void Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var rows = zeros_like(_output).index_add_(0, _batch.Predictors, gradient, _decoder.HiddenScale);
        Tensor? x = _decoder.OutputNorm.Backward(_output, _factors, rows, null);
        for (var layer = _decoder.Blocks.Count - 1; layer >= 0; layer--)
        {
            x = BackwardBlock(layer, x!);
        }
        _decoder.EmbeddingGradient?.index_add_(0, _batch.TokenIds, x!, _decoder.EmbeddingScale);
    }

    /// <returns>d loss / d input, or null below the first block where nobody asks for it.</returns>
    private Tensor? BackwardBlock(int layer, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (block, rows) = (_decoder.Blocks[layer], _batch.RowsOf(layer));
        using var trace = _traces[layer] ?? block.Forward(_inputs[layer], null, rows).Trace;
        return block.Backward(trace, rows, gradient, layer > 0 || _decoder.EmbeddingGradient is not null)?.MoveToOuterDisposeScope();
    }
}
