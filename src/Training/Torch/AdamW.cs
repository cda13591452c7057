using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>AdamW (arXiv 1711.05101) over a flat parameter buffer, moments in float32.</summary>
internal sealed class AdamW(ParameterBuffer parameters, float beta1, float beta2, float epsilon, float weightDecay) : Optimizer(parameters, weightDecay)
{
    // Few enough that a slice's values, gradients and moments stay in a processor's cache from one operation to the next.
    private const long ElementsAtOnce = 1 << 18;

    private readonly Tensor _firstMoments = zeros_like(parameters.Values).DetachFromDisposeScope();
    private readonly Tensor _secondMoments = zeros_like(parameters.Values).DetachFromDisposeScope();

    public override IReadOnlyList<Tensor> State => [_firstMoments, _secondMoments];

    protected override void Update(Tensor values, Tensor gradients, double learningRate)
    {
        for (long start = 0; start < values.numel(); start += ElementsAtOnce)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(ElementsAtOnce, values.numel() - start);
            Tensor Slice(Tensor all) => all.narrow(0, start, length);
            var gradient = Slice(gradients);
            var first = Slice(_firstMoments).mul_(beta1).add_(gradient, 1 - beta1);
            var second = Slice(_secondMoments).mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
            var denominator = (second / (1 - Math.Pow(beta2, Steps))).sqrt_().add_(epsilon);
            Slice(values).addcdiv_(first, denominator, -learningRate / (1 - Math.Pow(beta1, Steps)));
        }
    }
}
