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
        var x = decoder.Embed(batch);
        for (var layer = 0; layer < decoder.Blocks.Count; layer++)
        {
            using var scope = NewDisposeScope();
            var (output, trace) = decoder.Blocks[layer].Forward(x, decoder.Rows(batch, layer));
            scope.MoveToOuter(checkpoint ? [output] : [output, .. trace.Tensors]);
            _inputs.Add(x);
            _traces.Add(checkpoint ? null : trace);
            x = output;
        }
        _output = x;
        (var rows, _factors) = decoder.OutputNorm.Forward(x, ScalarType.Float32);
        Hidden = rows.index_select(0, batch.Predictors);
        rows.Dispose();
    }

    /// <summary>Normalised hidden rows, one for each completion token, float32 [M, dim].</summary>
    public Tensor Hidden { get; }

    /// <summary>Adds the gradients of everything trained.</summary>
    /// <param name="gradient">d loss / d<see cref="Hidden"/>.</param>
    public void Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var rows = zeros_like(_output).index_add_(0, _batch.Predictors, gradient, 1);
        var x = _decoder.OutputNorm.Backward(_output, _factors, rows, null);
        for (var layer = _decoder.Blocks.Count - 1; layer >= 0; layer--)
        {
            x = BackwardBlock(layer, x);
        }
        _decoder.AddEmbeddingGradient(_batch, x);
    }

    private Tensor BackwardBlock(int layer, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (block, rows) = (_decoder.Blocks[layer], _decoder.Rows(_batch, layer));
        using var trace = _traces[layer] ?? block.Forward(_inputs[layer], rows).Trace;
        return block.Backward(trace, rows, gradient).MoveToOuterDisposeScope();
    }
}
