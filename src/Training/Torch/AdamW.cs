using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>AdamW (arXiv 1711.05101) over a flat parameter buffer, moments in float32.</summary>
internal sealed class AdamW : IDisposable
{
    private readonly ParameterBuffer _parameters;
    private readonly float _beta1;
    private readonly float _beta2;
    private readonly float _epsilon;
    private readonly float _weightDecay;

    public AdamW(ParameterBuffer parameters, float beta1, float beta2, float epsilon, float weightDecay)
    {
        _parameters = parameters;
        (_beta1, _beta2, _epsilon, _weightDecay) = (beta1, beta2, epsilon, weightDecay);
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
        var gradient = _parameters.Gradients.mul_(gradientScale);
        FirstMoments.mul_(_beta1).add_(gradient, 1 - _beta1);
        SecondMoments.mul_(_beta2).addcmul_(gradient, gradient, 1 - _beta2);
        if (_weightDecay > 0)
        {
            _parameters.Values.narrow(0, 0, _parameters.DecayedElements).mul_(1 - learningRate * _weightDecay);
        }
        var denominator = (SecondMoments / (1 - Math.Pow(_beta2, Steps))).sqrt_().add_(_epsilon);
        _parameters.Values.addcdiv_(FirstMoments, denominator, -learningRate / (1 - Math.Pow(_beta1, Steps)));
    }

    public void Dispose()
    {
        FirstMoments.Dispose();
        SecondMoments.Dispose();
    }
}
