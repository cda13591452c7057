using System.IO.Compression;
using System.Text;
using IterativeDpo.Artifacts.Rows;

namespace IterativeDpo.Artifacts.Tests.Rows;

public sealed class JsonRowsTests : IDisposable
{
    private static readonly byte[] _text = Encoding.UTF8.GetBytes(
        string.Concat(Enumerable.Range(0, 300).Select(i => $"{{\"prompt\":\"{i * 7919}\"}}\n")));
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Kinds { get; } = ["gz", "zst"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Read_compressedFileUnderAnyName_givesTheLinesOfTheFileItself(string kind) =>
        Assert.Equal(Read(_text), Read(Compress(_text, kind)));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Read_compressedParts_givesTheLinesOfAll(string kind) =>
        Assert.Equal(Read([.. _text, .. _text]), Read([.. Compress(_text, kind), .. Compress(_text, kind)]));

    /// <summary>Without UseStrictValidation a gzip file that is cut short ends early and silently.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Read_compressedFileCutAnywhere_isAnErrorThatNamesTheLine(string kind)
    {
        var whole = Compress(_text, kind);

        for (var length = 4; length < whole.Length; length += 7)
        {
            Assert.Matches(
                @"rows, line \d+: the compressed file is damaged or cut short",
                Assert.Throws<UserInputException>(() => Read(whole[..length])).Message);
        }
    }

    [Fact]
    public void Read_gzipWithoutItsLastByte_isAnErrorAfterTheLastLine() =>
        Assert.Contains("line 301: ", Assert.Throws<UserInputException>(() => Read(Compress(_text, "gz")[..^1])).Message);

    [Fact]
    public void Read_linesOnEitherSideOfABuffer_areWhole()
    {
        string[] lines = ["", new('a', (1 << 16) - 3), "b", " ", new('c', 1 << 18), "d"];

        Assert.Equal([(2, lines[1]), (3, "b"), (5, lines[4]), (6, "d")], Read(Encoding.UTF8.GetBytes(string.Join("\r\n", lines))));
    }

    [Fact]
    public void Open_directory_saysToNameItsFiles() =>
        Assert.Contains("train-*.parquet", Assert.Throws<UserInputException>(() => RowFile.Open(_directory.Root)).Message);

    private static byte[] Compress(byte[] bytes, string kind)
    {
        var compressed = new MemoryStream();
        using (
            Stream stream =
                kind == "gz" ? new GZipStream(compressed, CompressionLevel.Fastest) : new ZstdSharp.CompressionStream(compressed))
        {
            stream.Write(bytes);
        }
        return compressed.ToArray();
    }

    private (int, string)[] Read(byte[] bytes)
    {
        File.WriteAllBytes(_directory["rows"], bytes);
        using var file = RowFile.Open(_directory["rows"], ["other"]);
        return [.. file.Read().Select(row => (row.Number, Encoding.UTF8.GetString(row.Json.Span)))];
    }
}
