using IterativeDpo.Training.Torch.Cpu;

namespace IterativeDpo.Training.Tests.Torch.Cpu;

public sealed class CpuProductTests
{
    [Theory]
    [InlineData(4, 16, 1, false, false)]
    [InlineData(8, 32, 7, false, true)]
    [InlineData(16, 48, 33, true, false)]
    [InlineData(32, 16, 5, true, true)]
    public void Multiply_is_the_sum_of_products(int rows, int columns, int depth, bool transposed, bool add)
    {
        using var scratch = new Scratch(rows * Lanes.Pad(depth) + depth * Lanes.Pad(rows) + depth * columns + rows * columns);
        var a = transposed ? scratch.Take(depth, Lanes.Pad(rows)).Transposed : scratch.Take(rows, Lanes.Pad(depth));
        var (b, c) = (scratch.Take(depth, columns), scratch.Take(rows, columns));
        var random = new Random(3);
        Fill(a, rows, depth, random);
        Fill(b, depth, columns, random);
        Fill(c, rows, columns, random);
        var expected = new double[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                expected[i, j] = (add ? At(c, i, j) : 0) + Enumerable.Range(0, depth).Sum(k => (double)At(a, i, k) * At(b, k, j));
            }
        }

        CpuProduct.Multiply(a, b, c, rows, columns, depth, add);

        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                Assert.Equal(expected[i, j], At(c, i, j), 1e-5);
            }
        }
    }

    private static unsafe void Fill(Matrix matrix, int rows, int columns, Random random)
    {
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                *matrix.From(i, j).Start = random.NextSingle() * 2 - 1;
            }
        }
    }

    private static unsafe float At(Matrix matrix, int row, int column) => *matrix.From(row, column).Start;
}
