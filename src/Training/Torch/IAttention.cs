using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Rotary embedding and attention over one packed batch: softmax(q kᵀ / √headDim) v, and its gradient.</summary>
internal interface IAttention
{
    /// <param name="projected">Queries, keys and values of every row side by side, heads apart, [N, (heads + 2 kvHeads) headDim].</param>
    /// <returns>The wanted rows, [rows, heads × headDim], and what <see cref="Backward"/> needs.</returns>
    (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected);

    /// <param name="trace">From <see cref="Forward"/>.</param>
    /// <param name="gradient">d loss / d rows, [rows, heads × headDim], of the compute type.</param>
    /// <returns>d loss / d projected, of the compute type.</returns>
    Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient);
}
