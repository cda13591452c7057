using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Tests.Gguf;

public sealed class HostileGgufTests : IDisposable
{
    private const uint F32 = 0;

    private static readonly RawGguf.Tensor Good = new("t", [4], F32, 0);

    private readonly TemporaryDirectory _directory = new();

    private string File => _directory["a.gguf"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_of_a_missing_file_says_so() => AssertRefused("there is no such file");

    [Fact]
    public void Open_of_an_empty_file_says_so()
    {
        System.IO.File.WriteAllText(File, "");
        AssertRefused("the file is empty");
    }

    [Fact]
    public void Open_of_a_directory_is_refused()
    {
        Directory.CreateDirectory(File);
        AssertRefused("this is a directory, and a file belongs here");
    }

    [Fact]
    public void Open_of_another_format_says_that_it_is_not_GGUF()
    {
        System.IO.File.WriteAllText(File, "{ \"model\": \"of another kind\" }");
        AssertRefused("not a GGUF file");
    }

    [Theory]
    [InlineData(1u, "its version is 1")]
    [InlineData(4u, "its version is 4")]
    [InlineData(0x03000000u, "it is big-endian")]
    public void Open_of_another_version_says_which(uint version, string problem)
    {
        RawGguf.Write(File, [], [Good], new byte[16], version: version);
        AssertRefused(problem);
    }

    [Fact]
    public void Open_of_version_2_reads_it()
    {
        RawGguf.Write(File, [new("k", RawGguf.UInt32(7))], [Good], [0, 0, 0x80, 0x3F, .. new byte[12]], version: 2);

        using var file = GgufFile.Open(File);

        Assert.Equal(7u, file.Metadata.GetUInt32("k"));
        Assert.Equal([1, 0, 0, 0], file.ReadFloat32(file.Tensors["t"]));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1_000_000_000_000UL)]
    [InlineData(1UL << 31)]
    public void Open_with_absurd_counts_allocates_nothing_for_them(ulong count)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        RawGguf.Write(File, [], [Good], new byte[16], tensorCount: count);
        AssertRefused("tensors cannot fit");
        RawGguf.Write(File, [], [Good], new byte[16], metadataCount: count);
        AssertRefused("metadata entries cannot fit");
        RawGguf.Write(File, [new("k", [8, 0, 0, 0, .. BitConverter.GetBytes(count)])], [Good], new byte[16]);
        AssertRefused("metadata key 'k' needs");
        RawGguf.Write(File, [new("k", [9, 0, 0, 0, 8, 0, 0, 0, .. BitConverter.GetBytes(count)])], [Good], new byte[16]);
        AssertRefused("metadata key 'k' counts");
        RawGguf.Write(File, [new("k", [9, 0, 0, 0, 10, 0, 0, 0, .. BitConverter.GetBytes(count)])], [Good], new byte[16]);
        AssertRefused("metadata key 'k' needs");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    public static TheoryData<string, ulong[], uint, ulong> BadTensors() => new()
    {
        { "has 0 dimensions", [], F32, 0 },
        { "has 5 dimensions", [1, 1, 1, 1, 1], F32, 0 },
        { "has a dimension of 0", [4, 0], F32, 0 },
        { "over 2^31", [ulong.MaxValue], F32, 0 },
        { "over 2^31", [1UL << 32, 1UL << 32], F32, 0 },
        { "over 2^31", [65536, 65536], F32, 0 },
        { "starts 32 bytes into the data, where 0 is next", [4], F32, 32 },
        { "past the end of the file", [4], F32, ulong.MaxValue },
        { "it was cut short", [5], F32, 0 },
        { "is stored as IQ2_XXS, which this program does not read. Convert the model to one of F32, F16", [256], 16, 0 },
        { "is stored as type 4000000000", [4], 4_000_000_000, 0 },
        { "has rows of 48, not a multiple of Q8_0's 32", [48, 2], 8, 0 },
    };

    [Theory]
    [MemberData(nameof(BadTensors))]
    public void Open_with_an_impossible_tensor_names_it(string problem, ulong[] ne, uint type, ulong offset)
    {
        RawGguf.Write(File, [], [new("bad", ne, type, offset)], new byte[16]);

        AssertRefused("tensor 'bad'");
        AssertRefused(problem);
    }

    [Fact]
    public void Open_with_overlapping_tensors_is_refused()
    {
        RawGguf.Write(File, [], [Good, new("u", [4], F32, 0)], new byte[64]);
        AssertRefused("tensor 'u' starts 0 bytes into the data, where 32 is next");
    }

    [Fact]
    public void Open_with_two_tensors_of_one_name_is_refused()
    {
        RawGguf.Write(File, [], [Good, Good with { Offset = 32 }], new byte[64]);
        AssertRefused("tensor 't' occurs twice");
    }

    [Fact]
    public void Open_with_a_tensor_name_ggml_cannot_hold_is_refused()
    {
        RawGguf.Write(File, [], [Good with { Name = new string('x', 64) }], new byte[16]);
        AssertRefused("has a name over 63 bytes");
    }

    [Fact]
    public void Open_with_a_key_twice_is_refused()
    {
        RawGguf.Write(File, [new("k", RawGguf.UInt32(1)), new("k", RawGguf.UInt32(2))], [], []);
        AssertRefused("metadata key 'k' occurs twice");
    }

    [Theory]
    [InlineData(new byte[] { 13, 0, 0, 0 }, "metadata key 'k' has the unknown type 13")]
    [InlineData(new byte[] { 9, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "an array of the unknown type 77")]
    [InlineData(new byte[] { 9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, "an array of arrays")]
    public void Open_with_an_unknown_value_type_is_refused(byte[] value, string problem)
    {
        RawGguf.Write(File, [new("k", value)], [Good], new byte[16]);
        AssertRefused(problem);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(24u)]
    public void Open_with_an_alignment_that_is_no_power_of_two_is_refused(uint alignment)
    {
        RawGguf.Write(File, [new("general.alignment", RawGguf.UInt32(alignment))], [Good], new byte[16]);
        AssertRefused($"'general.alignment' is {alignment}, not a power of two");
    }

    [Fact]
    public void Open_follows_another_alignment()
    {
        RawGguf.Write(File, [new("general.alignment", RawGguf.UInt32(8))], [Good, new("u", [2], F32, 16)], new byte[48]);
        using var file = GgufFile.Open(File);
        Assert.Equal(0, file.Tensors["u"].Offset % 8);
    }

    [Fact]
    public void Typed_access_to_a_missing_key_names_file_and_key()
    {
        RawGguf.Write(File, [], [], []);
        using var file = GgufFile.Open(File);

        var error = Assert.Throws<UserInputException>(() => file.Metadata.GetString("general.architecture"));

        Assert.Equal($"{File}: the metadata key 'general.architecture' is missing. Export the file again with it.", error.Message);
    }

    [Fact]
    public void Typed_access_to_another_type_says_what_is_there()
    {
        RawGguf.Write(File, [new("k", RawGguf.UInt32(7))], [], []);
        using var file = GgufFile.Open(File);

        Assert.Contains(
            "'k' must be a float32, but is UInt32 7",
            Assert.Throws<UserInputException>(() => file.Metadata.GetSingle("k")).Message);
        Assert.Contains("'k' must be an array of Int32", Assert.Throws<UserInputException>(() => file.Metadata.GetArray<int>("k")).Message);
    }

    private void AssertRefused(string problem)
    {
        var error = Assert.Throws<UserInputException>(() => GgufFile.Open(File).Dispose());
        Assert.StartsWith(File, error.Message);
        Assert.Contains(problem, error.Message);
    }
}
