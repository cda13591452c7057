using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>A <see cref="ShortConvolution"/> over a packed batch, in float32: each branch goes on from the end of its prompt.</summary>
/// <param name="kept">The rows whose output is wanted; null for all.</param>
/// <param name="kernel">[dim, taps], the last of them the token's own.</param>
/// <param name="kernelGradient">Where its gradient is added; null where it is frozen.</param>
internal sealed class CausalConvolution(RowHistory history, Tensor? kept, Tensor kernel, Tensor? kernelGradient) : ITokenMixer
{
    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected)
    {
        using var scope = NewDisposeScope();
        var (b, c, x) = Parts(projected);
        var mixed = Convolve(b * x).mul_(c);
        var rows = (kept is null ? mixed : mixed.index_select(0, kept)).to(projected.dtype).MoveToOuterDisposeScope();
        return (rows, [projected]);
    }

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (b, c, x) = Parts(trace[0]);
        var inputs = b * x;
        var wanted = gradient.to(ScalarType.Float32);
        var slopes = kept is null ? wanted : zeros_like(inputs).index_copy_(0, kept, wanted);
        var ofC = Convolve(inputs).mul_(slopes);
        var ofConvolved = slopes * c;
        var ofInputs = ofConvolved * Tap(0);
        AddToKernel(0, ofConvolved, inputs);
        for (var lag = 1; lag <= history.Depth; lag++)
        {
            using var inner = NewDisposeScope();
            ofInputs.add_(history.Later(ofConvolved, lag).mul_(Tap(lag)));
            if (kernelGradient is not null)
            {
                AddToKernel(lag, ofConvolved, history.Earlier(inputs, lag));
            }
        }
        return cat([ofInputs * x, ofC, ofInputs * b], 1).to(trace[0].dtype).MoveToOuterDisposeScope();
    }

    private static (Tensor B, Tensor C, Tensor X) Parts(Tensor projected)
    {
        var dim = projected.size(1) / 3;
        Tensor Part(int place) => projected.narrow(1, place * dim, dim).to(ScalarType.Float32);
        return (Part(0), Part(1), Part(2));
    }

    /// <summary>What a token so many before the last is multiplied by, [dim].</summary>
    private Tensor Tap(int lag) => kernel.select(1, history.Depth - lag);

    private Tensor Convolve(Tensor inputs)
    {
        var sum = inputs * Tap(0);
        for (var lag = 1; lag <= history.Depth; lag++)
        {
            using var inner = NewDisposeScope();
            sum.add_(history.Earlier(inputs, lag).mul_(Tap(lag)));
        }
        return sum;
    }

    private void AddToKernel(int lag, Tensor slopes, Tensor inputs) =>
        kernelGradient?.select(1, history.Depth - lag).add_((slopes * inputs).sum([0L]));
}
