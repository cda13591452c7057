using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A rule by which gradients move the parameters of a flat buffer, with decoupled weight decay (arXiv 1711.05101) on the matrices.
/// </summary>
internal abstract class Optimizer(ParameterBuffer parameters, float weightDecay) : IDisposable
{
    // Few enough that a slice's values, gradients and state stay in a processor's cache from one operation to the next.
    private const long ElementsAtOnce = 1 << 18;

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
        Steps++;
        foreach (var (start, length) in Slices(0, parameters.DecayedElements)
                .Concat(Slices(parameters.DecayedElements, parameters.Values.numel())))
        {
            using var scope = NewDisposeScope();
            Tensor Slice(Tensor all) => all.narrow(0, start, length);
            var values = Slice(parameters.Values);
            if (weightDecay > 0 && start < parameters.DecayedElements)
            {
                values.mul_(1 - learningRate * weightDecay);
            }
            Update(values, Slice(parameters.Gradients).mul_(gradientScale), [.. State.Select(Slice)], learningRate);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in State)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Moves some values along their gradients, float32 [n] each.</summary>
    /// <param name="state">Their part of <see cref="State"/>, to be updated too.</param>
    protected abstract void Update(Tensor values, Tensor gradients, IReadOnlyList<Tensor> state, double learningRate);

    private static IEnumerable<(long Start, long Length)> Slices(long start, long end)
    {
        for (; start < end; start += ElementsAtOnce)
        {
            yield return (start, Math.Min(ElementsAtOnce, end - start));
        }
    }
}
