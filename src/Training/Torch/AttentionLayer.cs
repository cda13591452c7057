using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What <see cref="AttentionLayer.Backward"/> needs of the forward pass.</summary>
/// <param name="Normed">What <see cref="LinearMap.Backward"/> wants of q, k and v.</param>
/// <param name="Heads">What <see cref="HeadNorms.Backward"/> wants; empty where there are none.</param>
/// <param name="Inside">What <see cref="ITokenMixer.Backward"/> wants.</param>
/// <param name="Attended">What the output map wants.</param>
/// <param name="End">What <see cref="BranchEnd.Backward"/> wants.</param>
internal sealed record AttentionTrace(
    Tensor Input,
    Tensor Factors,
    Tensor Normed,
    IReadOnlyList<Tensor> Heads,
    IReadOnlyList<Tensor> Inside,
    Tensor Attended,
    IReadOnlyList<Tensor> End)
{
    public IEnumerable<Tensor> Tensors => [Input, Factors, Normed, .. Heads, .. Inside, Attended, .. End];
}

/// <summary>
/// Grouped-query attention (arXiv 2305.13245) with rotary embedding (arXiv 2104.09864) on normalised rows, or what a block has in its
/// place.
/// </summary>
/// <param name="heads">Norms of queries and keys, or null.</param>
/// <param name="mixerOf">What mixes the block's rows.</param>
internal sealed class AttentionLayer(
    RmsNorm norm, LinearMap qkv, HeadNorms? heads, Func<BlockRows, ITokenMixer> mixerOf, LinearMap output, BranchEnd end, ScalarType type)
{
    /// <param name="x">The residual stream, float32 [N, dim].</param>
    /// <param name="added">What is to be added to it first, of the compute type, or null.</param>
    /// <returns>What is added to the wanted rows of the sum, of the compute type.</returns>
    public (Tensor Output, AttentionTrace Trace) Forward(Tensor x, Tensor? added, BlockRows rows)
    {
        using var scope = NewDisposeScope();
        var (sum, normalised, factors) = norm.Forward(x, added, type);
        var (projected, normed) = qkv.Forward(normalised); // [N, (heads + 2 kvHeads) headDim]
        var (turnable, ofHeads) = heads?.Forward(projected) ?? (projected, []);
        var (together, inside) = mixerOf(rows).Forward(turnable);
        var (mapped, attended) = output.Forward(together);
        var (result, ofEnd) = end.Forward(mapped);
        var trace = new AttentionTrace(sum, factors, normed, ofHeads, inside, attended, ofEnd);
        scope.MoveToOuter([result, .. trace.Tensors]);
        return (result, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, float32 [N, dim].</summary>
    /// <param name="gradient">d loss / d output, float32 [rows, dim].</param>
    /// <param name="residual">What is added to the result, float32 [N, dim], or null.</param>
    /// <param name="wanted">See <see cref="DecoderBlock.Backward"/>.</param>
    public Tensor? Backward(AttentionTrace trace, BlockRows rows, Tensor gradient, Tensor? residual, bool wanted)
    {
        using var scope = NewDisposeScope();
        var projected = mixerOf(rows).Backward(trace.Inside, output.Backward(trace.Attended, end.Backward(trace.End, gradient).to(type))!);
        projected = heads?.Backward(trace.Heads, projected) ?? projected;
        return qkv.Backward(trace.Normed, projected, wanted) is { } normed
            ? norm.Backward(trace.Input, trace.Factors, normed, residual).MoveToOuterDisposeScope()
            : null;
    }
}
