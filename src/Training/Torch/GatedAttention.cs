using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Attention whose heads' outputs are multiplied by σ of gates, which come between queries and keys in what is projected,
/// [N, (2 heads + 2 kvHeads) headDim].
/// </summary>
/// <param name="attention">Computes the rest.</param>
/// <param name="kept">The rows whose output is wanted; null for all.</param>
/// <param name="width">Of queries, and of gates: heads × headDim.</param>
internal sealed class GatedAttention(ITokenMixer attention, Tensor? kept, long width) : ITokenMixer
{
    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected)
    {
        using var scope = NewDisposeScope();
        var keys = projected.narrow(1, 2 * width, projected.size(1) - 2 * width);
        var (attended, inside) = attention.Forward(cat([projected.narrow(1, 0, width), keys], 1));
        var gates = projected.narrow(1, width, width);
        var open = (kept is null ? gates : gates.index_select(0, kept)).sigmoid();
        Tensor[] trace = [attended, open, .. inside];
        var rows = attended * open;
        scope.MoveToOuter([rows, .. trace]);
        return (rows, trace);
    }

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (attended, open) = (trace[0], trace[1]);
        var inside = attention.Backward([.. trace.Skip(2)], gradient * open);
        var slopes = gradient * attended * open * (1 - open);
        var ofGates = kept is null
            ? slopes
            : zeros([inside.size(0), width], slopes.dtype, slopes.device).index_copy_(0, kept, slopes);
        return cat([inside.narrow(1, 0, width), ofGates, inside.narrow(1, width, inside.size(1) - width)], 1).MoveToOuterDisposeScope();
    }
}
