using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What <see cref="DecoderBlock.Backward"/> needs of the forward pass; disposing it returns the memory.</summary>
internal sealed record BlockTrace(AttentionTrace Attention, FeedForwardTrace FeedForward) : IDisposable
{
    public IEnumerable<Tensor> Tensors => [.. Attention.Tensors, .. FeedForward.Tensors];

    public void Dispose()
    {
        foreach (var tensor in Tensors)
        {
            tensor.Dispose();
        }
    }
}

/// <summary>One block: attention, then feed-forward, each added to the residual stream, which is float32.</summary>
internal sealed class DecoderBlock(AttentionLayer attention, FeedForwardLayer feedForward)
{
    /// <param name="x">[N, dim].</param>
    /// <param name="rows">The block's rows, and how they attend.</param>
    /// <returns>[rows, dim].</returns>
    public (Tensor Output, BlockTrace Trace) Forward(Tensor x, BlockRows rows)
    {
        using var scope = NewDisposeScope();
        var (attended, attentionTrace) = attention.Forward(x, rows.Attention);
        var middle = rows.Kept is { } kept ? x.index_select(0, kept).add_(attended) : x + attended;
        var (inside, feedForwardTrace) = feedForward.Forward(middle);
        var trace = new BlockTrace(attentionTrace, feedForwardTrace);
        var result = middle + inside;
        scope.MoveToOuter([result, .. trace.Tensors]);
        return (result, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, [N, dim].</summary>
    /// <param name="gradient">d loss / d output, [rows, dim].</param>
    public Tensor Backward(BlockTrace trace, BlockRows rows, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var middle = feedForward.Backward(trace.FeedForward, gradient);
        var result = attention.Backward(trace.Attention, rows.Attention, middle, rows.Kept is null ? middle : null);
        return (rows.Kept is { } kept ? result.index_add_(0, kept, middle, 1) : result).MoveToOuterDisposeScope();
    }
}
