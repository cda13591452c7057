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
    /// <summary>Every B in its place, [out, maps × rank].</summary>
    public Tensor DiagonalB(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var result = Parts is [{ B: { } only }] ? only.to(type) : Place(zeros([Parts.Sum(p => p.Rows), A.size(0)], type, A.device));
        return result.MoveToOuterDisposeScope();

        Tensor Place(Tensor into)
        {
            foreach (var (part, block) in Blocks(into))
            {
                block.copy_(part.B!);
            }
            return into;
        }
    }

    /// <param name="a">d loss / dA.</param>
    /// <param name="diagonalB">d loss / d<see cref="DiagonalB"/>, of which only the blocks are parameters.</param>
    public void AddGradients(Tensor a, Tensor diagonalB)
    {
        AGradient.add_(a);
        foreach (var (part, block) in Blocks(diagonalB))
        {
            part.Gradient!.add_(block);
        }
    }

    private IEnumerable<(LoraPart Part, Tensor Block)> Blocks(Tensor diagonal)
    {
        long row = 0, column = 0;
        foreach (var part in Parts)
        {
            if (part.B is { } b)
            {
                yield return (part, diagonal.narrow(0, row, part.Rows).narrow(1, column, b.size(1)));
                column += b.size(1);
            }
            row += part.Rows;
        }
    }
}
