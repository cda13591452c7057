using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// y = W x + b + scale · B A x on rows, which are of the compute type or float32, and its gradients. W is asked for when it is needed and
/// let go at once, so it can be kept in any form: as it is, in float32 for training, or quantised.
/// </summary>
/// <param name="name">The fused map, see <see cref="WeightLayout"/>.</param>
/// <param name="bias">The name of its bias, or null.</param>
/// <param name="lora">The adapter on it, or null.</param>
/// <param name="dropout">On the adapter's input, or null.</param>
internal sealed class LinearMap(ModelWeights weights, string name, string? bias, FusedLora? lora, LoraDropout? dropout)
{
    private readonly FusedLora? _lora = dropout is null || lora is null ? lora : lora with { Scale = lora.Scale * dropout.Scale };

    /// <param name="x">[n, in].</param>
    /// <returns>y, [n, out], and what <see cref="Backward"/> wants: x, beside it A x where there is an adapter, [n, in + maps ×
    /// rank].</returns>
    public (Tensor Output, Tensor Input) Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (input, matrix) = (x, weights.Matrix(name, x.dtype));
        if (_lora is not null)
        {
            // One product of [x, A x] and [W, scale · B]: a second pass over y would cost more than these copies.
            var kept = dropout is null ? x : dropout.Mask(x, name).mul_(x);
            input = cat([x, kept.mm(_lora.A.to(x.dtype).t())], 1);
            matrix = cat([matrix, _lora.ScaledB(x.dtype)], 1);
        }
        var y = nn.functional.linear(input, matrix, bias is null ? null : weights[bias].to(x.dtype));
        scope.MoveToOuter([y, input]);
        return (y, input);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, [n, in], or null where it is not wanted.</summary>
    /// <param name="input">From <see cref="Forward"/>.</param>
    /// <param name="gradient">d loss / dy, [n, out], of the type of x.</param>
    public Tensor? Backward(Tensor input, Tensor gradient, bool wanted = true)
    {
        using var scope = NewDisposeScope();
        var matrix = weights.Matrix(name, gradient.dtype);
        var x = input.narrow(1, 0, matrix.size(1));
        var result = wanted ? gradient.mm(matrix) : null; // [n, in]
        weights.Gradient(name)?.add_(gradient.t().mm(x));
        if (bias is not null)
        {
            weights.Gradient(bias)?.add_(gradient.sum([0L], type: ScalarType.Float32));
        }
        if (_lora is not null)
        {
            var (a, mask) = (_lora.A.to(x.dtype), dropout?.Mask(x, name));
            var inner = _lora.Backward(mask is null ? x : mask * x, input.narrow(1, x.size(1), input.size(1) - x.size(1)), gradient);
            _ = mask is null ? result?.addmm_(inner, a) : result?.addcmul_(inner.mm(a), mask, 1);
        }
        return result?.MoveToOuterDisposeScope();
    }
}
