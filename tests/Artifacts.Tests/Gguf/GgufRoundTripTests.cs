using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Tests.Gguf;

public sealed class GgufRoundTripTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<object> Values() => new(
        (byte)200,
        (sbyte)-3,
        (ushort)65000,
        (short)-300,
        4_000_000_000u,
        -5,
        1.5f,
        true,
        "text: é 你 🙂",
        ulong.MaxValue,
        long.MinValue,
        2.25,
        new byte[] { 1, 255 }, new sbyte[] { -1, 1 }, new ushort[] { 1, 65535 }, new short[] { -1, 2 }, new uint[] { 1, uint.MaxValue },
        new[] { -1, int.MaxValue },
        new[] { 0.5f, float.NaN },
        new[] { true, false, true },
        new[] { "a", "", "ü" },
        new[] { ulong.MaxValue },
        new[] { long.MinValue }, new[] { double.Epsilon }, Array.Empty<string>(), Array.Empty<float>());

    [Theory]
    [MemberData(nameof(Values))]
    public void Metadata_of_any_type_comes_back_as_written(object value)
    {
        new GgufWriter().Set("before", 1u).Set("key", value).Set("after", 2u).Write(_directory["a.gguf"]);

        using var file = GgufFile.Open(_directory["a.gguf"]);

        Assert.Equal(["before", "key", "after"], file.Metadata.Select(entry => entry.Key));
        Assert.True(file.Metadata.TryGet("key", out var read));
        Assert.Equal(value, read.Value);
        Assert.Equal(value.GetType(), read.Value.GetType());
    }

    [Theory]
    [InlineData(TensorType.F32, 0)]
    [InlineData(TensorType.F16, 1.0 / 2048)]
    [InlineData(TensorType.BF16, 1.0 / 256)]
    [InlineData(TensorType.Q8_0, 1.0 / 64)]
    public void Tensor_comes_back_within_the_precision_of_its_type(TensorType type, double tolerance)
    {
        // Over one encoding piece and not a multiple of it, so that pieces must join.
        var values = Random(3 * 31_040, seed: 1);
        new GgufWriter()
            .Add("first", [3, 31_040], type, values)
            .Add("second", [2, 32], type, values.AsMemory(0, 64))
            .Write(_directory["a.gguf"]);

        using var file = GgufFile.Open(_directory["a.gguf"]);
        var first = file.ReadFloat32(file.Tensors["first"]);
        var second = file.ReadFloat32(file.Tensors["second"]);

        Assert.Equal([3, 31_040], file.Tensors["first"].Shape);
        Assert.All(values.Zip(first), pair => Assert.InRange(pair.Second - pair.First, -tolerance, tolerance));
        Assert.Equal(first[..64], second);
    }

    [Fact]
    public void Tensor_larger_than_one_decoding_piece_is_decoded_whole()
    {
        var values = Random((1 << 20) + 96, seed: 2);
        new GgufWriter().Add("t", [values.Length], TensorType.F16, values).Write(_directory["a.gguf"]);

        using var file = GgufFile.Open(_directory["a.gguf"]);

        Assert.Equal(values.Select(v => (float)(Half)v), file.ReadFloat32(file.Tensors["t"]));
    }

    [Fact]
    public void Bytes_are_the_stored_ones()
    {
        new GgufWriter().Add("t", [2], TensorType.BF16, new[] { 1f, -2f }).Write(_directory["a.gguf"]);

        using var file = GgufFile.Open(_directory["a.gguf"]);

        Assert.Equal([0x80, 0x3F, 0x00, 0xC0], file.Bytes(file.Tensors["t"]).ToArray());
    }

    [Fact]
    public void Write_twice_gives_the_same_bytes()
    {
        GgufWriter Writer() => new GgufWriter().Set("k", "v").Add("t", [4, 32], TensorType.Q8_0, Random(128, seed: 3));
        Writer().Write(_directory["a.gguf"]);
        Writer().Write(_directory["b.gguf"]);

        Assert.Equal(File.ReadAllBytes(_directory["a.gguf"]), File.ReadAllBytes(_directory["b.gguf"]));
    }

    [Fact]
    public void Write_aligns_every_tensor_to_32_bytes()
    {
        new GgufWriter().Set("k", "odd").Add("a", [3], TensorType.F32, new float[3]).Add("b", [5], TensorType.F16, new float[5])
            .Write(_directory["a.gguf"]);

        using var file = GgufFile.Open(_directory["a.gguf"]);

        Assert.All(file.Tensors.Values, tensor => Assert.Equal(0, tensor.Offset % 32));
        Assert.Equal(0, new FileInfo(_directory["a.gguf"]).Length % 32);
    }

    [Fact]
    public void Write_that_fails_half_way_leaves_the_old_file_and_no_other()
    {
        File.WriteAllText(_directory["a.gguf"], "old");
        var writer = new GgufWriter()
            .Add("good", [100_000], TensorType.F32, new float[100_000])
            .Add("bad", [1], TensorType.F32, () => throw new InvalidDataException("no values"));

        Assert.Throws<InvalidDataException>(() => writer.Write(_directory["a.gguf"]));

        Assert.Equal("old", File.ReadAllText(_directory["a.gguf"]));
        Assert.Equal([_directory["a.gguf"]], Directory.GetFiles(_directory.Root));
    }

    [Theory]
    [InlineData(TensorType.Q4_K, "t", new[] { 256 }, "read, not written")]
    [InlineData(TensorType.Q8_0, "t", new[] { 32, 33 }, "multiple of 32")]
    [InlineData(TensorType.F32, "t", new[] { 2, 0 }, "no valid shape")]
    [InlineData(TensorType.F32, "t", new[] { 1, 1, 1, 1, 1 }, "no valid shape")]
    [InlineData(TensorType.F32, "there", new[] { 1 }, "there already")]
    [InlineData(TensorType.F32, "0123456789012345678901234567890123456789012345678901234567890123", new[] { 1 }, "over 63 bytes")]
    public void Add_refuses_what_cannot_be_written(TensorType type, string name, int[] shape, string problem)
    {
        var writer = new GgufWriter().Add("there", [1], TensorType.F32, new float[1]);

        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => writer.Add(name, shape, type, new float[1])).Message);
    }

    [Fact]
    public void Write_refuses_values_that_do_not_fill_the_tensor()
    {
        var writer = new GgufWriter().Add("t", [4], TensorType.F32, new float[3]);

        Assert.Contains("'t' needs 4 values and got 3", Assert.Throws<InvalidOperationException>(() => writer.Write(Stream.Null)).Message);
    }

    [Fact]
    public void ReadFloat32_after_dispose_is_refused()
    {
        new GgufWriter().Add("t", [1], TensorType.F32, new float[1]).Write(_directory["a.gguf"]);
        var file = GgufFile.Open(_directory["a.gguf"]);
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.ReadFloat32(file.Tensors["t"]));
    }

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
