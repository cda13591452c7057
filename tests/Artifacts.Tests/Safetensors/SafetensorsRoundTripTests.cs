using System.Text;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.Tests.Safetensors;

public sealed class SafetensorsRoundTripTests : IDisposable
{
    // Each is a value of every type.
    private static readonly float[] Values = [0, -1.5f, 0.25f, 1, 2, -0.125f];

    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory["a.safetensors"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void Open_gives_what_was_written(TensorType type)
    {
        new SafetensorsWriter(type).Set("format", "pt").Add("b", [2, 3], () => Values).Add("a", [1], () => new[] { 4f }).Write(Path);

        using var file = SafetensorsFile.Open(Path);

        Assert.Equal(["b", "a"], file.Tensors.Keys);
        Assert.Equal("pt", Assert.Single(file.Metadata, entry => entry.Key == "format").Value);
        Assert.Equal([2, 3], file.Tensors["b"].Shape);
        Assert.Equal(type, file.Tensors["b"].Type);
        Assert.Equal(Values, file.ReadFloat32(file.Tensors["b"]));
        Assert.Equal([4f], file.ReadFloat32(file.Tensors["a"]));
    }

    [Fact]
    public void Write_lays_the_file_out_as_the_format_says()
    {
        new SafetensorsWriter(TensorType.F32).Set("format", "pt").Add("a", [2], () => new[] { 1f, -2f }).Write(Path);

        var bytes = File.ReadAllBytes(Path);
        var length = (int)BitConverter.ToUInt64(bytes);

        Assert.Equal(
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal(0, (8 + length) % 8);
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], bytes[(8 + length)..]);
    }

    [Fact]
    public void Open_reads_a_file_of_the_reference_form()
    {
        // Offsets in another order than the header's, an empty tensor, a single value, a field it does not know.
        RawSafetensors.Write(
            Path,
            """
            {"z":{"dtype":"BF16","shape":[2],"data_offsets":[4,8],"more":1},"empty":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},
             "one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
            """,
            [0, 0, 0x40, 0x40, 0x80, 0x3F, 0, 0xC0]);

        using var file = SafetensorsFile.Open(Path);

        Assert.Equal([1f, -2f], file.ReadFloat32(file.Tensors["z"]));
        Assert.Equal([3f], file.ReadFloat32(file.Tensors["one"]));
        Assert.Empty(file.ReadFloat32(file.Tensors["empty"]));
    }

    [Fact]
    public void Write_twice_gives_the_same_bytes()
    {
        foreach (var name in (string[])["a", "b"])
            new SafetensorsWriter(TensorType.F16).Add("t", [6], () => Values).Write(_directory[name]);

        Assert.Equal(Digest.OfFile(_directory["a"]), Digest.OfFile(_directory["b"]));
    }

    [Fact]
    public void Write_with_too_few_values_leaves_no_file()
    {
        var writer = new SafetensorsWriter(TensorType.F32).Add("t", [7], () => Values);

        Assert.Throws<InvalidOperationException>(() => writer.Write(Path));
        Assert.Empty(Directory.GetFiles(_directory.Root));
    }

    [Theory]
    [InlineData("t")]
    [InlineData("__metadata__")]
    public void Add_of_a_name_twice_or_reserved_is_refused(string name)
    {
        var writer = new SafetensorsWriter(TensorType.F32).Add("t", [6], () => Values);

        Assert.Throws<ArgumentException>(() => writer.Add(name, [6], () => Values));
    }
}
