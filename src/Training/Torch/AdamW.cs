using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>AdamW (arXiv 1711.05101) over a flat parameter buffer, moments in float32.</summary>
internal sealed class AdamW(ParameterBuffer parameters, float beta1, float beta2, float epsilon, float weightDecay)
    : Optimizer(parameters, weightDecay)
{
    private readonly Tensor _firstMoments = zeros_like(parameters.Values).DetachFromDisposeScope();
    private readonly Tensor _secondMoments = zeros_like(parameters.Values).DetachFromDisposeScope();

    public override IReadOnlyList<Tensor> State => [_firstMoments, _secondMoments];

    protected override void Update(Tensor values, Tensor gradients, IReadOnlyList<Tensor> state, double learningRate)
    {
        var first = state[0].mul_(beta1).add_(gradients, 1 - beta1);
        var second = state[1].mul_(beta2).addcmul_(gradients, gradients, 1 - beta2);
        var denominator = (second / (1 - Math.Pow(beta2, Steps))).sqrt_().add_(epsilon);
        values.addcdiv_(first, denominator, -learningRate / (1 - Math.Pow(beta1, Steps)));
    }
}
