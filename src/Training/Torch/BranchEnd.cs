using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// What attention or feed-forward gives, on its way into the residual stream: normalised and multiplied, both or neither.
/// </summary>
/// <param name="norm">Null for none.</param>
internal sealed class BranchEnd(RmsNorm? norm, float scale)
{
    /// <param name="rows">[n, dim], of the compute type.</param>
    /// <returns>The same shape and type, and what <see cref="Backward"/> wants.</returns>
    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor rows)
    {
        if (norm is null)
        {
            return (scale == 1 ? rows : rows * scale, []);
        }
        using var scope = NewDisposeScope();
        var (input, normed, factors) = norm.Forward(rows.to(ScalarType.Float32), null, rows.dtype);
        var result = scale == 1 ? normed : normed.mul_(scale);
        scope.MoveToOuter([result, input, factors]);
        return (result, [input, factors]);
    }

    /// <summary>d loss / d rows from d loss / d result, float32 [n, dim].</summary>
    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient)
    {
        var scaled = scale == 1 ? gradient : gradient * scale;
        return norm is null ? scaled : norm.Backward(trace[0], trace[1], scaled, null);
    }
}
