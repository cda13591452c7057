using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What <see cref="AttentionLayer.Backward"/> needs of the forward pass.</summary>
/// <param name="Normed">What <see cref="LinearMap.Backward"/> wants of q, k and v.</param>
/// <param name="Attended">What it wants of the output map.</param>
internal sealed record AttentionTrace(Tensor Input, Tensor Factors, Tensor Normed, IReadOnlyList<TileTrace> Tiles, Tensor Attended)
{
    public IEnumerable<Tensor> Tensors => [Input, Factors, Normed, .. Tiles.SelectMany(tile => tile.Tensors), Attended];
}

/// <summary>Grouped-query attention (arXiv 2305.13245) with rotary embedding (arXiv 2104.09864) on normalised rows.</summary>
internal sealed class AttentionLayer(ModelConfig config, RmsNorm norm, LinearMap qkv, LinearMap output, ScalarType type)
{
    private readonly TiledAttention _attention = new(config);
    private readonly long _queryWidth = config.Heads * config.HeadDim;
    private readonly long _rotatedWidth = (config.Heads + config.KvHeads) * config.HeadDim;

    /// <param name="x">The residual stream, float32 [N, dim].</param>
    /// <returns>What is added to the plan's rows of it, of the compute type.</returns>
    public (Tensor Output, AttentionTrace Trace) Forward(Tensor x, AttentionPlan plan, Tensor rotation)
    {
        using var scope = NewDisposeScope();
        var (rows, factors) = norm.Forward(x);
        var (mapped, normed) = qkv.Forward(rows.to(type)); // [N, (heads + 2 kvHeads) headDim]
        var projected = mapped.to(ScalarType.Float32);
        Rotate(projected, rotation);
        var keyStart = projected.size(1) - _queryWidth;
        var (together, tiles) = _attention.Forward(
            projected.narrow(1, 0, _queryWidth).to(type).contiguous(), projected.narrow(1, _queryWidth, keyStart).to(type).contiguous(), plan);
        var (result, attended) = output.Forward(together);
        var trace = new AttentionTrace(x, factors, normed, tiles, attended);
        scope.MoveToOuter([result, .. trace.Tensors]);
        return (result, trace);
    }

    /// <summary>Adds the gradients of everything trained; gives d loss / dx, float32 [N, dim].</summary>
    /// <param name="gradient">d loss / d output, float32 [rows, dim].</param>
    /// <param name="inverseRotation">The conjugate of the rotation.</param>
    public Tensor Backward(AttentionTrace trace, AttentionPlan plan, Tensor inverseRotation, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var attended = output.Backward(trace.Attended, gradient.to(type));
        var projected = zeros([trace.Input.size(0), 2 * _rotatedWidth - _queryWidth], device: gradient.device);
        _attention.Backward(trace.Tiles, plan, attended, projected);
        Rotate(projected, inverseRotation);
        return norm.Backward(trace.Input, trace.Factors, qkv.Backward(trace.Normed, projected.to(type))).MoveToOuterDisposeScope();
    }

    /// <summary>Turns each pair of elements of the query and key heads, as a complex number, in place.</summary>
    private void Rotate(Tensor projected, Tensor rotation) => projected.narrow(1, 0, _rotatedWidth)
        .view(projected.size(0), -1, config.HeadDim / 2, 2).view_as_complex().mul_(rotation);
}
