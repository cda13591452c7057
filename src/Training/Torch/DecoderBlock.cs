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
    /// <param name="x">The residual stream, float32 [N, dim].</param>
    /// <param name="added">What is to be added to it first, of the compute type, or null.</param>
    /// <param name="rows">The block's rows, and how they attend.</param>
    /// <returns>What is to be added to the residual stream after the block's attention, [rows, dim]; that is the input of the trace's
    /// feed-forward.</returns>
    public (Tensor Added, BlockTrace Trace) Forward(Tensor x, Tensor? added, BlockRows rows)
    {
        using var scope = NewDisposeScope();
        var (attended, attentionTrace) = attention.Forward(x, added, rows);
        var stream = rows.Kept is { } kept ? attentionTrace.Input.index_select(0, kept) : attentionTrace.Input;
        var (inside, feedForwardTrace) = feedForward.Forward(stream, attended);
        var trace = new BlockTrace(attentionTrace, feedForwardTrace);
        scope.MoveToOuter([inside, .. trace.Tensors]);
        return (inside, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, [N, dim].</summary>
    /// <param name="gradient">d loss / d output, [rows, dim].</param>
    /// <param name="wanted">Whether d loss / dx is. Where it is not, the block's first norm and all before it are frozen.</param>
    public Tensor? Backward(BlockTrace trace, BlockRows rows, Tensor gradient, bool wanted)
    {
        using var scope = NewDisposeScope();
        var middle = feedForward.Backward(trace.FeedForward, gradient);
        var result = attention.Backward(trace.Attention, rows, middle, rows.Kept is null ? middle : null, wanted);
        return (rows.Kept is { } kept ? result?.index_add_(0, kept, middle, 1) : result)?.MoveToOuterDisposeScope();
    }
}
