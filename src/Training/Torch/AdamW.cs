using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>AdamW (arXiv 1711.05101) over a flat parameter buffer, moments in float32.</summary>
internal sealed class AdamW : IDisposable
{
    private readonly ParameterBuffer _parameters;
    private readonly TrainingOptions _options;

    public AdamW(ParameterBuffer parameters, TrainingOptions options)
    {
        _parameters = parameters;
        _options = options;
        FirstMoments = zeros_like(parameters.Values).DetachFromDisposeScope();
        SecondMoments = zeros_like(parameters.Values).DetachFromDisposeScope();
    }

    /// <summary>m, float32 [size].</summary>
    public Tensor FirstMoments { get; }

    /// <summary>v, float32 [size].</summary>
    public Tensor SecondMoments { get; }

    /// <summary>Steps done; the bias correction depends on it.</summary>
    public int Steps { get; set; }

    /// <summary>Updates the parameters from their gradients, which it scales first.</summary>
    public void Step(double learningRate, double gradientScale)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        Steps++;
        var (beta1, beta2) = (_options.AdamBeta1, _options.AdamBeta2);
        var gradient = _parameters.Gradients.mul_(gradientScale);
        FirstMoments.mul_(beta1).add_(gradient, 1 - beta1);
        SecondMoments.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        if (_options.WeightDecay > 0)
        {
            _parameters.Values.narrow(0, 0, _parameters.DecayedElements).mul_(1 - learningRate * _options.WeightDecay);
        }
        var denominator = (SecondMoments / (1 - Math.Pow(beta2, Steps))).sqrt_().add_(_options.AdamEpsilon);
        _parameters.Values.addcdiv_(FirstMoments, denominator, -learningRate / (1 - Math.Pow(beta1, Steps)));
    }

    public void Dispose()
    {
        FirstMoments.Dispose();
        SecondMoments.Dispose();
    }
}
