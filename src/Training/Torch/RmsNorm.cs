using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>y = w · x / √(mean x² + ε) by rows (arXiv 1910.07467), in float32, and its gradients.</summary>
/// <param name="weight">w, [dim].</param>
/// <param name="weightGradient">Where the gradient of w is added; null where it is frozen.</param>
internal sealed class RmsNorm(Tensor weight, Tensor? weightGradient, float epsilon)
{
    /// <returns>y, [n, dim], and the rows' factors 1 / √(mean x² + ε), [n, 1], which <see cref="Backward"/> wants back.</returns>
    public (Tensor Rows, Tensor Factors) Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var factors = x.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_();
        return ((x * factors).mul_(weight).MoveToOuterDisposeScope(), factors.MoveToOuterDisposeScope());
    }

    /// <summary>d loss / dx, float32 [n, dim], from d loss / dy. With u = x · factor: factor · (w g − u · mean(w g · u)).</summary>
    public Tensor Backward(Tensor x, Tensor factors, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var unit = x * factors;
        weightGradient?.add_((gradient * unit).sum([0L]));
        var weighted = gradient * weight;
        var along = (weighted * unit).mean([-1], keepdim: true);
        return weighted.sub_(unit.mul_(along)).mul_(factors).MoveToOuterDisposeScope();
    }
}
