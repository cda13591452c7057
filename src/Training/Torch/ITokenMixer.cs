using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// What brings the rows of one sequence together, over a packed batch: rotary embedding and attention, softmax(q kᵀ / √headDim) v, or a
/// convolution in its place; and its gradient.
/// </summary>
internal interface ITokenMixer
{
    /// <param name="projected">
    /// Of every row: queries, keys and values side by side, heads apart, [N, (heads + 2 kvHeads) headDim]; of a convolution b, c and x,
    /// [N, 3 dim]; see <see cref="DeltaNetMixer.Forward"/> for its own.
    /// </param>
    /// <returns>The wanted rows, [rows, heads × headDim] or [rows, dim], and what <see cref="Backward"/> needs.</returns>
    (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected);

    /// <param name="trace">From <see cref="Forward"/>.</param>
    /// <param name="gradient">d loss / d rows, of the compute type.</param>
    /// <returns>d loss / d projected, of the compute type.</returns>
    Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient);
}
