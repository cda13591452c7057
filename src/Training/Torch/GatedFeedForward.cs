using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <param name="Input">What <see cref="LinearMap.Backward"/> wants of gate and up.</param>
/// <param name="GateUp">Gate and up side by side.</param>
/// <param name="Activated">What it wants of down.</param>
internal sealed record GatedTrace(Tensor Input, Tensor GateUp, Tensor Activated) : InsideTrace
{
    public override IEnumerable<Tensor> Tensors => [Input, GateUp, Activated];
}

/// <summary>down(act(gate h) · up h).</summary>
internal sealed class GatedFeedForward(LinearMap gateUp, GatedUnit unit, LinearMap down) : IFeedForward
{
    public (Tensor Output, InsideTrace Trace) Forward(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var (both, input) = gateUp.Forward(rows); // [n, 2 × inside]
        var (output, activated) = down.Forward(unit.Forward(both));
        var trace = new GatedTrace(input, both, activated);
        scope.MoveToOuter([output, .. trace.Tensors]);
        return (output, trace);
    }

    public Tensor Backward(InsideTrace trace, Tensor gradient)
    {
        var (input, gateUpRows, activated) = (GatedTrace)trace;
        using var scope = NewDisposeScope();
        var both = unit.Backward(gateUpRows, down.Backward(activated, gradient)!);
        return gateUp.Backward(input, both)!.MoveToOuterDisposeScope();
    }
}
