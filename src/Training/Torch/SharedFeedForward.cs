using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <param name="Inside">What the expert wants.</param>
/// <param name="Gate">What <see cref="LinearMap.Backward"/> wants of the gate, the gate and the expert's output; empty without a
/// gate.</param>
internal sealed record SharedTrace(InsideTrace Inside, IReadOnlyList<Tensor> Gate)
{
    public IEnumerable<Tensor> Tensors => [.. Inside.Tensors, .. Gate];
}

/// <summary>The expert that all rows go to, times σ of their gate where there is one.</summary>
/// <param name="gate">[1, dim], or null.</param>
internal sealed class SharedFeedForward(GatedFeedForward expert, LinearMap? gate)
{
    /// <param name="rows">[n, dim].</param>
    /// <returns>[n, dim], and what <see cref="Backward"/> wants.</returns>
    public (Tensor Output, SharedTrace Trace) Forward(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var (output, inside) = expert.Forward(rows);
        var trace = new SharedTrace(inside, []);
        if (gate is not null)
        {
            var (logits, input) = gate.Forward(rows.to(ScalarType.Float32));
            var open = logits.sigmoid(); // [n, 1]
            trace = trace with { Gate = [input, open, output] };
            output = output * open;
        }
        scope.MoveToOuter([output, .. trace.Tensors]);
        return (output, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / d rows, [n, dim].</summary>
    public Tensor Backward(SharedTrace trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        if (gate is null)
        {
            return expert.Backward(trace.Inside, gradient).MoveToOuterDisposeScope();
        }
        var (input, open, output) = (trace.Gate[0], trace.Gate[1], trace.Gate[2]);
        var ofOpen = (gradient * output).sum([1L], keepdim: true, type: ScalarType.Float32);
        var result = gate.Backward(input, ofOpen * open * (1 - open))!;
        return result.add_(expert.Backward(trace.Inside, (gradient * open).to(gradient.dtype))).MoveToOuterDisposeScope();
    }
}
