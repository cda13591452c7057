using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>One map of a fused product.</summary>
/// <param name="Rows">Its outputs.</param>
/// <param name="B">[rows, rank]; null where the map is no target of the adapter.</param>
/// <param name="Gradient">Where its gradient is added.</param>
internal sealed record LoraPart(int Rows, Tensor? B, Tensor? Gradient);

/// <summary>
/// LoRA matrices (arXiv 2106.09685) of the maps that are computed as one product: y += scale · B A x, with the A of every
/// target map stacked and their B on a diagonal.
/// </summary>
/// <param name="A">[maps × rank, in].</param>
/// <param name="AGradient">Where its gradient is added.</param>
/// <param name="Parts">The maps in the order of their outputs.</param>
/// <param name="Scale">alpha / rank, of the alpha in the adapter's file.</param>
internal sealed record FusedLora(Tensor A, Tensor AGradient, IReadOnlyList<LoraPart> Parts, float Scale)
{
    /// <summary>scale · B, every map's in its place on the diagonal, [out, maps × rank].</summary>
    public Tensor ScaledB(ScalarType type)
    {
        var result = zeros([Parts.Sum(p => p.Rows), A.size(0)], type, A.device);
        foreach (var (part, rows, columns) in Targets())
        {
            using var scope = NewDisposeScope();
            result.narrow(0, rows, part.Rows).narrow(1, columns, part.B!.size(1)).copy_(part.B * Scale);
        }
        return result;
    }

    /// <summary>Adds the gradients of A and B; gives d loss / d(A x), [n, maps × rank].</summary>
    /// <param name="x">[n, in].</param>
    /// <param name="ax">A x, [n, maps × rank].</param>
    /// <param name="gradient">d loss / dy, [n, out].</param>
    public Tensor Backward(Tensor x, Tensor ax, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var inner = new List<Tensor>();
        foreach (var (part, rows, columns) in Targets())
        {
            var (b, g) = (part.B!, gradient.narrow(1, rows, part.Rows));
            inner.Add(g.mm((b * Scale).to(g.dtype)));
            part.Gradient!.add_(g.t().mm(ax.narrow(1, columns, b.size(1))), Scale);
        }
        var result = cat([.. inner], 1);
        AGradient.add_(result.t().mm(x));
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>The targets, with their first row of the outputs and first column of <c>A x</c>.</summary>
    private IEnumerable<(LoraPart Part, long Row, long Column)> Targets()
    {
        long row = 0, column = 0;
        foreach (var part in Parts)
        {
            if (part.B is { } b)
            {
                yield return (part, row, column);
                column += b.size(1);
            }
            row += part.Rows;
        }
    }
}
