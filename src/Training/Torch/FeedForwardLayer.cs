using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What <see cref="FeedForwardLayer.Backward"/> needs of the forward pass; the input is float32, the rest of the compute type.</summary>
/// <param name="Normed">What <see cref="LinearMap.Backward"/> wants of gate and up.</param>
/// <param name="Activated">What it wants of down.</param>
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
        var (both, normed) = gateUp.Forward(rows.to(type)); // [n, 2 × inside]
        var (gate, up) = Halves(both);
        var sigmoid = gate.sigmoid();
        var (output, activated) = down.Forward(gate.mul_(sigmoid).mul_(up).to(type));
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
        var silu = gate.mul_(sigmoid);
        var slope = (sigmoid + silu).addcmul_(silu, sigmoid, -1); // silu' = σ + silu (1 − σ)
        var both = empty_like(trace.GateUp);
        both.narrow(1, 0, up.size(1)).copy_(slope.mul_(up).mul_(inside));
        both.narrow(1, up.size(1), up.size(1)).copy_(silu.mul_(inside));
        return norm.Backward(trace.Input, trace.Factors, gateUp.Backward(trace.Normed, both)).MoveToOuterDisposeScope();
    }

    /// <summary>Copies of gate and up, float32 [n, inside] each.</summary>
    private static (Tensor Gate, Tensor Up) Halves(Tensor both)
    {
        var inside = both.size(1) / 2;
        return (both.narrow(1, 0, inside).to(ScalarType.Float32, copy: true), both.narrow(1, inside, inside).to(ScalarType.Float32, copy: true));
    }
}
