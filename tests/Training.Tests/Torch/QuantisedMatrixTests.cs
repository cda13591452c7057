using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Generation;
using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public class QuantisedMatrixTests
{
    private const int Rows = 3, Columns = 512;

    [Theory]
    [InlineData(TensorType.Q8_0, 34, 32)]
    [InlineData(TensorType.Q4_K, 144, 256)]
    [InlineData(TensorType.Q6_K, 210, 256)]
    public void Dequantise_gives_the_values_of_the_decoder(TensorType type, int blockBytes, int blockSize)
    {
        using var scope = NewDisposeScope();
        var bytes = Blocks(type, blockBytes, Rows * Columns / blockSize);
        using var matrix = new QuantisedMatrix(type, bytes, Rows, Columns, CPU);

        var values = matrix.Dequantise(ScalarType.Float32);

        var expected = new float[Rows * Columns];
        TensorDecoder.Decode(type, bytes, expected);
        Assert.Equal([Rows, Columns], values.shape);
        Assert.Equal(expected, Floats.Of(values));
        Assert.True(expected.Distinct().Count() > 100);
    }

    [Theory]
    [InlineData(TensorType.Q8_0, 64, true)]
    [InlineData(TensorType.Q4_K, 512, true)]
    [InlineData(TensorType.Q4_K, 128, false)]
    [InlineData(TensorType.F16, 256, false)]
    public void Takes_block_types_whose_blocks_fill_a_row(TensorType type, int columns, bool takes) =>
        Assert.Equal(takes, QuantisedMatrix.Takes(type, columns));

    /// <summary>Random blocks, their half-precision scales between 0.5 and 2.</summary>
    private static byte[] Blocks(TensorType type, int blockBytes, int count)
    {
        var bytes = new byte[blockBytes * count];
        ulong seed = 5;
        for (var i = 0; i < bytes.Length; i++)
        {
            seed = SampleSeed.Mix(seed);
            bytes[i] = (byte)(seed >> 40);
        }
        int[] halves = type switch { TensorType.Q4_K => [0, 2], TensorType.Q6_K => [208], _ => [0] };
        for (var block = 0; block < count; block++)
        {
            foreach (var at in halves)
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(block * blockBytes + at), (Half)(0.5 + bytes[block * blockBytes + 20] / 200.0));
            }
        }
        return bytes;
    }
}
