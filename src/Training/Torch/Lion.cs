using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Lion (arXiv 2302.06675, program 1): every parameter moves by the learning rate, in the direction of sign(β1 m + (1 − β1) g). Its one
/// moment is kept in bfloat16: two bytes for a parameter where AdamW has eight. See docs/decisions/007.
/// </summary>
/// <param name="beta2">At most <see cref="TrainingOptions.HighestLionBeta2"/>.</param>
internal sealed class Lion(ParameterBuffer parameters, float beta1, float beta2, float weightDecay) : Optimizer(parameters, weightDecay)
{
    private readonly Tensor _moment = zeros_like(parameters.Values, ScalarType.BFloat16).DetachFromDisposeScope();

    public override IReadOnlyList<Tensor> State => [_moment];

    protected override void Update(Tensor values, Tensor gradients, IReadOnlyList<Tensor> state, double learningRate)
    {
        var moment = state[0].to(ScalarType.Float32);
        values.add_(moment.mul(beta1).add_(gradients, 1 - beta1).sign_(), -learningRate);
        state[0].copy_(moment.mul_(beta2).add_(gradients, 1 - beta2));
    }
}
