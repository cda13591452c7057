using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// RMS norms of queries and keys before they rotate, of each head by itself or of all heads of a row together (<see cref="QkNorm"/>).
/// </summary>
internal sealed class HeadNorms(RmsNorm queries, RmsNorm keys, ModelConfig config)
{
    private readonly (RmsNorm Norm, long Start, long Width, long Size)[] _parts =
    [
        (queries, 0, config.Heads * config.HeadDim, config.QkNormSize(config.Heads)),
        (
            keys,
            // Behind queries, and gates where there are any.
            (config.Architecture.GatedAttention ? 2 : 1) * config.Heads * config.HeadDim,
            config.KvHeads * config.HeadDim,
            config.QkNormSize(config.KvHeads)),
    ];

    /// <param name="projected">Queries, keys and values side by side, see <see cref="ITokenMixer.Forward"/>.</param>
    /// <returns>The same with the norms of queries and keys, and what <see cref="Backward"/> wants.</returns>
    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected)
    {
        using var scope = NewDisposeScope();
        var result = projected.clone();
        var trace = new List<Tensor> { projected };
        foreach (var (norm, start, width, size) in _parts)
        {
            var (_, rows, factors) = norm.Forward(Vectors(projected, start, width, size).to(ScalarType.Float32), null, projected.dtype);
            result.narrow(1, start, width).copy_(rows.view(-1, width));
            trace.Add(factors);
        }
        scope.MoveToOuter([result, .. trace]);
        return (result, trace);
    }

    /// <summary>Adds the gradients of the norms; turns d loss / d result into d loss / d projected, in place.</summary>
    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        foreach (var ((norm, start, width, size), factors) in _parts.Zip(trace.Skip(1)))
        {
            var vectors = Vectors(trace[0], start, width, size).to(ScalarType.Float32);
            var slopes = norm.Backward(vectors, factors, Vectors(gradient, start, width, size), null);
            gradient.narrow(1, start, width).copy_(slopes.view(-1, width));
        }
        return gradient;
    }

    /// <summary>What each norm is over, as rows.</summary>
    private static Tensor Vectors(Tensor projected, long start, long width, long size) =>
        projected.narrow(1, start, width).contiguous().view(-1, size);
}
