using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What <see cref="IFeedForward.Backward"/> needs of the forward pass.</summary>
internal abstract record InsideTrace
{
    public abstract IEnumerable<Tensor> Tensors { get; }
}

/// <summary>A block's feed-forward without its norms: one dense unit, or experts.</summary>
internal interface IFeedForward
{
    /// <param name="rows">Normalised, of the compute type, [n, dim].</param>
    /// <returns>The same shape and type.</returns>
    (Tensor Output, InsideTrace Trace) Forward(Tensor rows);

    /// <summary>Adds the gradients of everything trained; gives d loss / d rows, [n, dim], of the compute type.</summary>
    /// <param name="gradient">d loss / d output, of the compute type.</param>
    Tensor Backward(InsideTrace trace, Tensor gradient);
}
