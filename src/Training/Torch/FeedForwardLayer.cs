using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// What <see cref="FeedForwardLayer.Backward"/> needs of the forward pass; the input is float32, the rest of the compute type.
/// </summary>
/// <param name="Inside">What <see cref="IFeedForward.Backward"/> wants.</param>
/// <param name="End">What <see cref="BranchEnd.Backward"/> wants.</param>
internal sealed record FeedForwardTrace(
    Tensor Input,
    Tensor Factors,
    InsideTrace Inside,
    IReadOnlyList<Tensor> End)
{
    public IEnumerable<Tensor> Tensors => [Input, Factors, .. Inside.Tensors, .. End];
}

/// <summary>The feed-forward of the normalised rows.</summary>
internal sealed class FeedForwardLayer(RmsNorm norm, IFeedForward inside, BranchEnd end, ScalarType type)
{
    /// <param name="x">The residual stream, float32 [n, dim].</param>
    /// <param name="added">What is to be added to it first, of the compute type.</param>
    /// <returns>What is added to the sum, of the compute type.</returns>
    public (Tensor Output, FeedForwardTrace Trace) Forward(Tensor x, Tensor added)
    {
        using var scope = NewDisposeScope();
        var (sum, rows, factors) = norm.Forward(x, added, type);
        var (mapped, ofInside) = inside.Forward(rows);
        var (output, ofEnd) = end.Forward(mapped);
        var trace = new FeedForwardTrace(sum, factors, ofInside, ofEnd);
        scope.MoveToOuter([output, .. trace.Tensors]);
        return (output, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx of what is added and of x itself, float32 [n, dim].</summary>
    /// <param name="gradient">d loss / d output, float32 [n, dim].</param>
    public Tensor Backward(FeedForwardTrace trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var rows = inside.Backward(trace.Inside, end.Backward(trace.End, gradient).to(type));
        return norm.Backward(trace.Input, trace.Factors, rows, gradient).MoveToOuterDisposeScope();
    }
}
