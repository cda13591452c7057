using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What <see cref="FeedForwardLayer.Backward"/> needs of the forward pass; the input is float32, the rest of the compute type.</summary>
internal sealed record FeedForwardTrace(Tensor Input, Tensor Factors, Tensor Normed, Tensor GateUp, Tensor Sigmoid, Tensor Activated)
{
    public IEnumerable<Tensor> Tensors => [Input, Factors, Normed, GateUp, Sigmoid, Activated];
}

/// <summary>The gated feed-forward (SwiGLU, arXiv 2002.05202): down(silu(gate h) · up h) with h the normalised rows.</summary>
internal sealed class FeedForwardLayer(RmsNorm norm, LinearMap gateUp, LinearMap down, ScalarType type)
{
    /// <param name="x">The residual stream, float32 [n, dim].</param>
    /// <returns>What is added to it, of the compute type.</returns>
    public (Tensor Output, FeedForwardTrace Trace) Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (rows, factors) = norm.Forward(x);
        var normed = rows.to(type);
        var both = gateUp.Forward(normed); // [n, 2 × inside]
        var (gate, up) = Halves(both);
        var sigmoid = gate.sigmoid();
        var activated = (gate * sigmoid).mul_(up).to(type);
        var output = down.Forward(activated);
        var trace = new FeedForwardTrace(x, factors, normed, both, sigmoid.to(type), activated);
        scope.MoveToOuter([output, .. trace.Tensors]);
        return (output, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, float32 [n, dim].</summary>
    /// <param name="gradient">d loss / d output, float32 [n, dim].</param>
    public Tensor Backward(FeedForwardTrace trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var inside = down.Backward(trace.Activated, gradient.to(type)).to(ScalarType.Float32);
        var (gate, up) = Halves(trace.GateUp);
        var sigmoid = trace.Sigmoid.to(ScalarType.Float32);
        var silu = gate * sigmoid;
        var slope = (sigmoid + silu).addcmul_(silu, sigmoid, -1); // silu' = σ + silu (1 − σ)
        var both = cat([slope.mul_(up).mul_(inside), silu.mul_(inside)], 1).to(type);
        return norm.Backward(trace.Input, trace.Factors, gateUp.Backward(trace.Normed, both)).MoveToOuterDisposeScope();
    }

    /// <summary>Gate and up, float32 [n, inside] each.</summary>
    private static (Tensor Gate, Tensor Up) Halves(Tensor both)
    {
        var inside = both.size(1) / 2;
        return (both.narrow(1, 0, inside).to(ScalarType.Float32), both.narrow(1, inside, inside).to(ScalarType.Float32));
    }
}
