using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>y = w · x / √(mean x² + ε) by rows (arXiv 1910.07467), in float32, and its gradients.</summary>
/// <param name="weight">w, [dim]; null: y = x, where an architecture has no norm.</param>
/// <param name="weightGradient">Where the gradient of w is added; null where it is frozen.</param>
/// <param name="ownLoops">See <see cref="OwnLoops.Norms"/>.</param>
internal sealed class RmsNorm(Tensor? weight, Tensor? weightGradient, float epsilon, bool ownLoops)
{
    /// <param name="x">Float32 [n, dim].</param>
    /// <param name="added">What is added to it first, of <paramref name="type"/>, [n, dim], or null.</param>
    /// <param name="type">Of the result.</param>
    /// <returns>The sum, or x itself, and of that y, [n, dim], and the rows' factors 1 / √(mean x² + ε), [n, 1]; <see cref="Backward"/>
    /// wants sum and factors.</returns>
    public (Tensor Sum, Tensor Rows, Tensor Factors) Forward(Tensor x, Tensor? added, ScalarType type)
    {
        if (weight is null)
        {
            var whole = added is null ? x : x + added;
            return (whole, whole.to(type, copy: true), empty(0, device: x.device));
        }
        if (ownLoops && Lanes.Fill(x.size(1)))
        {
            return CpuRmsNorm.Forward(x, added, weight, epsilon, type);
        }
        using var scope = NewDisposeScope();
        var sum = added is null ? x : (x + added).MoveToOuterDisposeScope();
        var factors = sum.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_();
        return (sum, (sum * factors).mul_(weight).to(type).MoveToOuterDisposeScope(), factors.MoveToOuterDisposeScope());
    }

    /// <summary>d loss / dx, float32 [n, dim], from d loss / dy. With u = x · factor: factor · (w g − u · mean(w g · u)).</summary>
    /// <param name="residual">What is added to it, float32 [n, dim], or null.</param>
    public Tensor Backward(Tensor x, Tensor factors, Tensor gradient, Tensor? residual)
    {
        if (weight is null)
        {
            return residual is null ? gradient.to(ScalarType.Float32, copy: true) : residual + gradient;
        }
        if (ownLoops && Lanes.Fill(x.size(1)))
        {
            return CpuRmsNorm.Backward(x, factors, gradient, residual, weight, weightGradient);
        }
        using var scope = NewDisposeScope();
        var unit = x * factors;
        weightGradient?.add_((gradient * unit).sum([0L]));
        var weighted = gradient * weight;
        var along = (weighted * unit).mean([-1], keepdim: true);
        var result = weighted.sub_(unit.mul_(along)).mul_(factors);
        return (residual is null ? result : result.add_(residual)).MoveToOuterDisposeScope();
    }
}
