using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// y = W x + b + scale · B A x on rows of the compute type, and its gradients. W is asked for when it is needed and let go
/// at once, so it can be kept in any form: as it is, in float32 for training, or quantised.
/// </summary>
/// <param name="name">The fused map, see <see cref="WeightLayout"/>.</param>
/// <param name="bias">The name of its bias, or null.</param>
/// <param name="lora">The adapter on it, or null.</param>
internal sealed class LinearMap(ModelWeights weights, string name, string? bias, FusedLora? lora)
{
    /// <param name="x">[n, in].</param>
    /// <returns>[n, out].</returns>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.linear(x, weights.Matrix(name), bias is null ? null : weights[bias].to(x.dtype));
        if (lora is not null)
        {
            y.addmm_(x.mm(lora.A.to(x.dtype).t()), lora.DiagonalB(x.dtype).t(), 1, lora.Scale);
        }
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, [n, in].</summary>
    /// <param name="x">As it was in <see cref="Forward"/>.</param>
    /// <param name="gradient">d loss / dy, [n, out], of the compute type.</param>
    public Tensor Backward(Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var result = gradient.mm(weights.Matrix(name)); // [n, in]
        weights.Gradient(name)?.add_(gradient.t().mm(x));
        if (bias is not null)
        {
            weights.Gradient(bias)?.add_(gradient.sum([0L], type: ScalarType.Float32));
        }
        if (lora is not null)
        {
            var a = lora.A.to(x.dtype);
            var inner = gradient.mm(lora.DiagonalB(x.dtype)).mul_(lora.Scale); // d loss / d(A x), [n, maps × rank]
            lora.AddGradients(inner.t().mm(x), gradient.t().mm(x.mm(a.t()).mul_(lora.Scale)));
            result.addmm_(inner, a);
        }
        return result.MoveToOuterDisposeScope();
    }
}
