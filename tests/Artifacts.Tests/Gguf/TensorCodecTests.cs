using System.Runtime.InteropServices;
using System.Text.Json;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Tests.Gguf;

/// <summary>
/// Against ggml itself: ggml-values.json holds 512 normal values as quantised by llama.cpp b8390's <c>ggml_quantize_chunk</c> and as
/// decoded by its <c>to_float</c>, each base64 of little-endian bytes.
/// </summary>
public sealed class TensorCodecTests : IDisposable
{
    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Gguf", "ggml-values.json"))).RootElement;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.Q4_0)]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.Q6_K)]
    public void Decode_equals_ggml_bit_for_bit(TensorType type)
    {
        var golden = Golden.GetProperty(type.ToString());

        var values = Decode(type, golden.GetProperty("stored").GetBytesFromBase64());

        Assert.Equal(Floats(golden.GetProperty("values")), values);
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    public void Encode_equals_ggml_bit_for_bit(TensorType type)
    {
        var stored = Golden.GetProperty(type.ToString()).GetProperty("stored").GetBytesFromBase64();

        Assert.Equal(stored, Encode(type, Floats(Golden.GetProperty("source"))));
    }

    [Fact]
    public void Encode_Q8_0_rounds_every_value_as_a_block_of_plain_arithmetic()
    {
        var random = new Random(1);
        float[] kinds = [0, -0f, float.Epsilon, 1e-40f, -1e-38f, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        var blocks = Enumerable.Range(0, 20_000).Select(block =>
        {
            // 127 as the greatest gives a scale of 1, so that halves are halves.
            var values = Enumerable.Range(0, 32).Select(i => (block % 4) switch
            {
                0 => random.Next(-254, 255) / 2f,
                1 => MathF.BitIncrement(random.Next(-254, 253) / 2f),
                2 => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-12, 12)),
                _ => i % 5 == 0 ? kinds[random.Next(kinds.Length)] : BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)),
            }).ToArray();
            if (block % 4 < 2) values[block % 32] = 127;
            // Whose bits a NaN of a block has is nobody's matter.
            return values.Select(value => float.IsNaN(value) ? float.NaN : value).ToArray();
        }).ToArray();

        Assert.Equal(blocks.SelectMany(PlainQ8_0), Encode(TensorType.Q8_0, [.. blocks.SelectMany(values => values)]));
    }

    private static byte[] PlainQ8_0(float[] block)
    {
        var largest = block.Any(float.IsNaN) ? MathF.Abs(float.NaN) : block.Max(MathF.Abs);
        var (d, bytes) = (largest / 127, new byte[34]);
        MemoryMarshal.Write(bytes, (Half)d);
        for (var i = 0; i < 32; i++)
        {
            bytes[2 + i] = (byte)(sbyte)MathF.Round(block[i] * (d == 0 ? 0 : 1 / d), MidpointRounding.AwayFromZero);
        }
        return bytes;
    }

    [Theory]
    [InlineData(0x0000u, 0x00000000u)] // zero
    [InlineData(0x8000u, 0x80000000u)] // minus zero
    [InlineData(0x0001u, 0x33800000u)] // least subnormal, 2^-24
    [InlineData(0x03FFu, 0x387FC000u)] // greatest subnormal
    [InlineData(0x0400u, 0x38800000u)] // least normal
    [InlineData(0x7BFFu, 0x477FE000u)] // greatest, 65504
    [InlineData(0x7C00u, 0x7F800000u)] // infinity
    [InlineData(0xFC00u, 0xFF800000u)] // minus infinity
    public void Float16_special_values_are_exact_both_ways(uint half, uint single) => AssertExact(TensorType.F16, half, single);

    [Theory]
    [InlineData(0x0000u, 0x00000000u)]
    [InlineData(0x8000u, 0x80000000u)]
    [InlineData(0x0001u, 0x00010000u)] // least subnormal
    [InlineData(0x7F7Fu, 0x7F7F0000u)] // greatest
    [InlineData(0x7F80u, 0x7F800000u)]
    [InlineData(0xFF80u, 0xFF800000u)]
    public void BFloat16_special_values_are_exact_both_ways(uint stored, uint single) => AssertExact(TensorType.BF16, stored, single);

    [Theory]
    [InlineData(0x3F808000u, 0x3F80u)] // tie, to even below
    [InlineData(0x3F818000u, 0x3F82u)] // tie, to even above
    [InlineData(0x3F808001u, 0x3F81u)] // just over the tie
    [InlineData(0x7F7FFFFFu, 0x7F80u)] // rounds over the greatest: infinity
    [InlineData(0x7F800001u, 0x7FC0u)] // a NaN whose upper half alone would be infinity
    public void BFloat16_rounds_to_nearest_even_and_keeps_NaN(uint single, uint stored) =>
        Assert.Equal((ushort)stored, MemoryMarshal.Read<ushort>(Encode(TensorType.BF16, [BitConverter.UInt32BitsToSingle(single)])));

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void NaN_stays_NaN(TensorType type) =>
        Assert.Equal([float.NaN, 1], Decode(type, Encode(type, [float.NaN, 1])));

    [Fact]
    public void Q8_0_of_a_block_of_zeros_is_zeros() =>
        Assert.Equal(new float[32], Decode(TensorType.Q8_0, Encode(TensorType.Q8_0, new float[32])));

    [Fact]
    public void Q4_0_takes_low_nibbles_first_and_subtracts_eight()
    {
        byte[] block = [0x00, 0x40, .. Enumerable.Range(0, 16).Select(i => (byte)(i | (15 - i) << 4))]; // d = 2

        var values = Decode(TensorType.Q4_0, block);

        Assert.Equal(Enumerable.Range(0, 16).Select(i => 2f * (i - 8)).Concat(Enumerable.Range(0, 16).Select(i => 2f * (7 - i))), values);
    }

    private void AssertExact(TensorType type, uint stored, uint single)
    {
        var value = BitConverter.UInt32BitsToSingle(single);
        var bytes = BitConverter.GetBytes((ushort)stored);

        Assert.Equal(single, BitConverter.SingleToUInt32Bits(Decode(type, bytes)[0]));
        Assert.Equal(bytes, Encode(type, [value]));
    }

    private byte[] Encode(TensorType type, float[] values)
    {
        new GgufWriter().Add("t", [values.Length], type, values).Write(_directory["a.gguf"]);
        using var file = GgufFile.Open(_directory["a.gguf"]);
        return file.Bytes(file.Tensors["t"]).ToArray();
    }

    /// <summary>Stores the bytes in a file of their type, as the writer would not.</summary>
    private float[] Decode(TensorType type, byte[] stored)
    {
        var elements = stored.Length / type.BlockBytes() * type.BlockLength();
        RawGguf.Write(_directory["a.gguf"], [], [new("t", [(ulong)elements], (uint)type, 0)], stored);
        using var file = GgufFile.Open(_directory["a.gguf"]);
        return file.ReadFloat32(file.Tensors["t"]);
    }

    private static float[] Floats(JsonElement base64) => MemoryMarshal.Cast<byte, float>(base64.GetBytesFromBase64()).ToArray();
}
