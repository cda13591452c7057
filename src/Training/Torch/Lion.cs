using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Lion (arXiv 2302.06675, program 1): every parameter moves by the learning rate, in the direction of sign(β1 m + (1 − β1) g). Its one
/// moment is kept in bfloat16: two bytes for a parameter where AdamW has eight. See docs/decisions/007.
/// </summary>
/// <param name="beta2">At most <see cref="TrainingOptions.HighestLionBeta2"/>.</param>
internal sealed class Lion(ParameterBuffer parameters, float beta1, float beta2, float weightDecay) : Optimizer(parameters, weightDecay)
{
    /// <summary>Elements to a pass: its float32 temporaries stay small whatever the model.</summary>
    private const long Slice = 1 << 20;

    private readonly Tensor _moment = zeros_like(parameters.Values, ScalarType.BFloat16).DetachFromDisposeScope();

    public override IReadOnlyList<Tensor> State => [_moment];

    protected override void Update(Tensor values, Tensor gradients, double learningRate)
    {
        for (long start = 0; start < values.numel(); start += Slice)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(Slice, values.numel() - start);
            var gradient = gradients.narrow(0, start, length);
            var stored = _moment.narrow(0, start, length);
            var moment = stored.to(ScalarType.Float32);
            values.narrow(0, start, length).add_(moment.mul(beta1).add_(gradient, 1 - beta1).sign_(), -learningRate);
            stored.copy_(moment.mul_(beta2).add_(gradient, 1 - beta2));
        }
    }
}
