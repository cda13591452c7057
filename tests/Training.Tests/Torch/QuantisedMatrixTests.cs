using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public class QuantisedMatrixTests
{
    private const int Rows = 600, Columns = 512;

    [Theory]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.Q6_K)]
    [InlineData(TensorType.MXFP4)]
    public void CopyTo_and_Rows_give_the_values_of_the_decoder(TensorType type)
    {
        using var scope = NewDisposeScope();
        var bytes = QuantisedBlocks.Random(type, Rows * Columns / type.BlockLength(), scale: 1);
        using var matrix = new QuantisedMatrix(type, bytes, Rows, Columns, CPU);

        var values = zeros([Rows, Columns]);
        matrix.CopyTo(values);
        var lastRow = matrix.Rows(Floats.Indexes([Rows - 1], CPU));

        var expected = new float[Rows * Columns];
        TensorDecoder.Decode(type, bytes, expected);
        Assert.Equal(expected, Floats.Of(values));
        Assert.Equal(expected[^Columns..], Floats.Of(lastRow));
        Assert.True(expected.Distinct().Count() > 100);
    }

    [Theory]
    [InlineData(TensorType.Q8_0, 64, true)]
    [InlineData(TensorType.Q4_K, 512, true)]
    [InlineData(TensorType.Q4_K, 128, false)]
    [InlineData(TensorType.F16, 256, false)]
    public void Takes_block_types_whose_blocks_fill_a_row(TensorType type, int columns, bool takes) =>
        Assert.Equal(takes, QuantisedMatrix.Takes(type, columns));
}
