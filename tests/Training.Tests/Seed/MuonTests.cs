using IterativeDpo.Generation;
using IterativeDpo.Training.Seed;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Seed;

public class MuonTests
{
    [Theory]
    [InlineData(8, 8)]
    [InlineData(6, 12)]
    [InlineData(12, 6)]
    public void Orthogonalise_anyMatrix_bringsSingularValuesNearOne(int rows, int columns)
    {
        using var scope = NewDisposeScope();
        var matrix = Random(rows, columns);

        var result = Muon.Orthogonalise(matrix);

        // The trace of the Gram matrix is the sum of the squared singular values, that of its square the sum of their fourth powers.
        var gram = rows < columns ? result.mm(result.t()) : result.t().mm(result);
        var count = Math.Min(rows, columns);
        var second = Diagonal(gram).Sum() / count;
        var fourth = Diagonal(gram.mm(gram)).Sum() / count;
        Assert.InRange(second, 0.6, 1.4);
        Assert.InRange(fourth - second * second, 0, 0.15);
    }

    [Fact]
    public void Orthogonalise_scaledMatrix_givesTheSame()
    {
        using var scope = NewDisposeScope();
        var matrix = Random(4, 7);

        var difference = (Muon.Orthogonalise(matrix) - Muon.Orthogonalise(matrix * 1000)).abs().max().item<float>();

        Assert.InRange(difference, 0, 1e-4);
    }

    [Fact]
    public void Orthogonalise_diagonal_keepsItsSigns()
    {
        using var scope = NewDisposeScope();
        var matrix = tensor(new float[] { 3, 0, 0, -2 }).view(2, 2);

        var values = Muon.Orthogonalise(matrix).data<float>().ToArray();

        Assert.True(values[0] > 0.6 && values[3] < -0.6 && Math.Abs(values[1]) < 1e-5);
    }

    private static Tensor Random(int rows, int columns)
    {
        var random = new SplitMix64(4);
        return tensor(Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray()).view(rows, columns);
    }

    private static IEnumerable<float> Diagonal(Tensor square)
    {
        var values = square.contiguous().data<float>().ToArray();
        var size = (int)square.size(0);
        return Enumerable.Range(0, size).Select(i => values[i * size + i]);
    }
}
