using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Peers;

/// <summary>
/// PyTorch's AdamW as it runs on a processor: a parameter at a time, the decay on all of them. TorchSharp's own cannot let go of gradients
/// before the next ones come (<c>set_to_none</c>), which takes memory and an addition of each that the script does not have.
/// </summary>
internal sealed class EagerAdamW(IReadOnlyList<Parameter> parameters, TrainingOptions options)
{
    private readonly (Tensor First, Tensor Second)[] _moments =
    [
        .. parameters.Select(p => (zeros_like(p).detach(), zeros_like(p).detach())),
    ];
    private int _steps;

    public void Step(IEnumerable<Tensor> gradients)
    {
        using var off = no_grad();
        _steps++;
        var rate = options.LearningRate / (1 - Math.Pow(options.AdamBeta1, _steps));
        var root = Math.Sqrt(1 - Math.Pow(options.AdamBeta2, _steps));
        foreach (var (parameter, (first, second), gradient) in parameters.Zip(_moments, gradients))
        {
            using var scope = NewDisposeScope();
            parameter.mul_(1 - options.LearningRate * options.WeightDecay);
            first.mul_(options.AdamBeta1).add_(gradient, 1 - options.AdamBeta1);
            second.mul_(options.AdamBeta2).addcmul_(gradient, gradient, 1 - options.AdamBeta2);
            parameter.addcdiv_(first, (second.sqrt() / root).add_(options.AdamEpsilon), -rate);
        }
    }
}
