using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>A rule by which gradients move the parameters of a flat buffer, with decoupled weight decay (arXiv 1711.05101) on the matrices.</summary>
internal abstract class Optimizer(ParameterBuffer parameters, float weightDecay) : IDisposable
{
    /// <summary>Steps done.</summary>
    public int Steps { get; set; }

    /// <summary>All else that it remembers from step to step, [size] each: what a checkpoint holds.</summary>
    public abstract IReadOnlyList<Tensor> State { get; }

    /// <exception cref="ArgumentOutOfRangeException">There is no such kind.</exception>
    public static Optimizer Create(TrainingOptions options, ParameterBuffer parameters) => options.Optimizer switch
    {
        OptimizerKind.Adamw => new AdamW(parameters, options.AdamBeta1, options.AdamBeta2, options.AdamEpsilon, options.WeightDecay),
        OptimizerKind.Lion => new Lion(parameters, options.LionBeta1, options.LionBeta2, options.WeightDecay),
        var kind => throw new ArgumentOutOfRangeException(nameof(options), kind, null),
    };

    /// <summary>Updates the parameters from their gradients, which it scales first.</summary>
    public void Step(double learningRate, double gradientScale)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        Steps++;
        parameters.Gradients.mul_(gradientScale);
        if (weightDecay > 0)
        {
            parameters.Values.narrow(0, 0, parameters.DecayedElements).mul_(1 - learningRate * weightDecay);
        }
        Update(parameters.Values, parameters.Gradients, learningRate);
    }

    public void Dispose()
    {
        foreach (var tensor in State)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Moves the values along the gradients, float32 [size] each.</summary>
    protected abstract void Update(Tensor values, Tensor gradients, double learningRate);
}
