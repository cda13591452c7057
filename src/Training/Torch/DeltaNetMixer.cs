using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The weights of a <see cref="GatedDeltaNet"/> that are no maps, each with where its gradient is added, or null.</summary>
/// <param name="Kernel">[channels, taps], the last of them the token's own.</param>
/// <param name="Step">[value heads], as <paramref name="Decay"/>.</param>
/// <param name="Norm">[headDim].</param>
internal sealed record DeltaNetWeights(
    (Tensor Value, Tensor? Gradient) Kernel,
    (Tensor Value, Tensor? Gradient) Step,
    (Tensor Value, Tensor? Gradient) Decay,
    (Tensor Value, Tensor? Gradient) Norm)
{
    public IReadOnlyList<(Tensor Value, Tensor? Gradient)> All => [Kernel, Step, Decay, Norm];
}

/// <summary>
/// A <see cref="GatedDeltaNet"/> between its maps, in float32, over a packed batch: each branch goes on from the end of its prompt. On the
/// way back everything is computed again, by LibTorch's operations, whose gradients are LibTorch's.
/// </summary>
/// <param name="kept">The rows whose output is wanted; null for all.</param>
/// <param name="epsilon">Of the norm, and the least length of queries and keys.</param>
internal sealed class DeltaNetMixer(
    GatedDeltaNet net, DeltaPlan plan, RowHistory history, Tensor? kept, DeltaNetWeights weights, float epsilon) : ITokenMixer
{
    /// <param name="projected">Queries, keys and values before they are convolved, gates, β and α before their functions,
    /// [N, channels + valueDim + 2 value heads].</param>
    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var rows = Compute(projected.to(ScalarType.Float32), [.. weights.All.Select(weight => weight.Value)]);
        return (rows.to(projected.dtype).MoveToOuterDisposeScope(), [projected]);
    }

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient)
    {
        using var gradients = enable_grad();
        using var scope = NewDisposeScope();
        var projected = trace[0].detach().to(ScalarType.Float32, copy: true).requires_grad_();
        Tensor[] parts = [.. weights.All.Select(weight => weight.Value.detach().requires_grad_(weight.Gradient is not null))];
        Tensor[] wanted = [projected, .. parts.Where(part => part.requires_grad)];
        var slopes = autograd.grad([Compute(projected, parts)], wanted, [gradient.to(ScalarType.Float32)]);
        using var none = no_grad();
        foreach (var (into, slope) in weights.All.Select(weight => weight.Gradient).OfType<Tensor>().Zip(slopes.Skip(1)))
        {
            into.add_(slope);
        }
        return slopes[0].to(trace[0].dtype).MoveToOuterDisposeScope();
    }

    private Tensor Compute(Tensor projected, Tensor[] parts)
    {
        var (kernel, step, decay, norm) = (parts[0], parts[1], parts[2], parts[3]);
        var (channels, values, heads) = (net.Channels, net.ValueDim, net.ValueHeads);
        var mixed = nn.functional.silu(Convolve(projected.narrow(1, 0, channels), kernel));
        Tensor Heads(long start, int count) => mixed.narrow(1, start, count * net.HeadDim).unflatten(1, [count, net.HeadDim]);
        // Value head i goes with key head i mod KeyHeads.
        Tensor Unit(Tensor x) =>
            (x * x.square().sum(-1, keepdim: true).clamp_min(epsilon * epsilon).rsqrt()).repeat(1, heads / net.KeyHeads, 1);
        var beta = projected.narrow(1, channels + values, heads).sigmoid();
        var fall = nn.functional.softplus(projected.narrow(1, channels + values + heads, heads) + step) * decay;
        var read = GatedDeltaRule.Compute(
            plan,
            WithNone(Unit(Heads(0, net.KeyHeads))),
            WithNone(Unit(Heads(net.KeyDim, net.KeyHeads))),
            WithNone(Heads(2 * net.KeyDim, heads)),
            WithNone(fall),
            WithNone(beta));
        var gates = projected.narrow(1, channels, values).unflatten(1, [heads, net.HeadDim]);
        if (kept is not null)
        {
            (read, gates) = (read.index_select(0, kept), gates.index_select(0, kept));
        }
        var factors = read.square().mean([-1], keepdim: true).add(epsilon).rsqrt();
        return (read * factors * norm * nn.functional.silu(gates)).flatten(1);
    }

    private Tensor Convolve(Tensor inputs, Tensor kernel)
    {
        var sum = inputs * kernel.select(1, history.Depth);
        for (var lag = 1; lag <= history.Depth; lag++)
        {
            sum = sum + history.Earlier(inputs, lag) * kernel.select(1, history.Depth - lag);
        }
        return sum;
    }

    private static Tensor WithNone(Tensor rows) => cat([rows, zeros_like(rows.narrow(0, 0, 1))]);
}
