using System.Text;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Rows;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

namespace IterativeDpo.Artifacts.Tests.Rows;

public sealed class ParquetRowsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    public async Task Read_rowGroups_givesAllRowsAsJson(CompressionMethod compression)
    {
        await WriteAsync(Enumerable.Range(0, 250).Select(RowOf), compression);

        Assert.Equal(Enumerable.Range(0, 250).Select(i => (i + 1, JsonOf(i))), Read());
    }

    /// <summary>Levels written out by hand, after the format's own definition of them.</summary>
    [Fact]
    public async Task Read_listsWithNullsAtEveryDepth_areTheirJson()
    {
        var turns = new ListField("turns", new StructField("element", new DataField<string>("role"), new DataField<string>("content")));
        var schema = new ParquetSchema(new DataField<bool>("label"), turns);
        await using (var file = File.Create(Path))
        await using (var writer = await ParquetWriter.CreateAsync(schema, file))
        {
            using var group = writer.CreateRowGroup();
            // Defined up to: 0 nothing, 1 the list, 2 an item, 3 the item's struct, 4 the text.
            await group.WriteAsync<bool>(schema.DataFields[0], new[] { true, false, true, false });
            await WriteTexts(group, schema.DataFields[1], ["user", "assistant", "user"], [4, 4, 0, 1, 2, 3, 4], [0, 1, 0, 0, 0, 1, 1]);
            await WriteTexts(group, schema.DataFields[2], ["a", "b", "c"], [4, 4, 0, 1, 2, 4, 3], [0, 1, 0, 0, 0, 1, 1]);
        }

        Assert.Equal(
            [
                """{"label":true,"turns":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""",
                """{"label":false}""",
                """{"label":true,"turns":[]}""",
                """{"label":false,"turns":[null,{"content":"c"},{"role":"user"}]}""",
            ],
            Read().Select(row => row.Json));
    }

    [Fact]
    public async Task Read_listsOfLists_areTheirJson()
    {
        var schema = new ParquetSchema(new ListField("rows", new ListField("element", new DataField<int>("element"))));
        await using (var file = File.Create(Path))
        await using (var writer = await ParquetWriter.CreateAsync(schema, file))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAllPartsAsync<int>(
                schema.DataFields[0],
                new[] { 1, 2, 3, 4 },
                new[] { 4, 4, 4, 3, 1, 4 },
                new[] { 0, 2, 1, 1, 0, 0 },
                default);
        }

        Assert.Equal(["""{"rows":[[1,2],[3],[]]}""", """{"rows":[]}""", """{"rows":[[4]]}"""], Read().Select(row => row.Json));
    }

    [Fact]
    public async Task Open_otherColumns_namesThemAndWhatIsWanted()
    {
        await WriteAsync([new Row()], CompressionMethod.None);

        var error = Assert.Throws<UserInputException>(() => Read(["chosen", "rejected"], ["hash"]));

        Assert.Contains(
            $"{Path}: the columns are \"prompt\" (text), \"turns\" (list of {{role, content}}), \"score\" (number), \"right\" (true or false), \"hash\" (bytes).",
            error.Message);
        Assert.Contains("\"chosen\" and \"rejected\", or \"hash\"", error.Message);
    }

    [Fact]
    public async Task Open_columnOfImages_isRefusedBecauseTheirBytesWouldBeLeftOut()
    {
        await ParquetSerializer.SerializeAsync([new Seen { Prompt = "What is it?", Images = [new() { Bytes = [1] }] }], Path);

        var error = Assert.Throws<UserInputException>(() => Read(["prompt"]));

        Assert.StartsWith(
            $"{Path}: the column \"images\" (list of {{bytes, path}}) is not supported, and the rows would be read without it",
            error.Message);
    }

    [Theory]
    [InlineData("PARE and so on", "encrypted")]
    [InlineData("{\"prompt\":\"a\"}", "no Parquet file")]
    [InlineData("", "no Parquet file")]
    [InlineData("PAR1", "cannot be read at its end")]
    public void Open_fileThatIsNone_saysWhy(string bytes, string reason)
    {
        File.WriteAllText(Path, bytes);

        Assert.Contains(reason, Assert.Throws<UserInputException>(() => Read()).Message);
    }

    /// <summary>The pages have no checksum, so a text may be another; what is refused is refused in one line.</summary>
    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    public async Task Read_damagedPages_areRefusedOrHaveAllTheirRows(CompressionMethod compression)
    {
        await WriteAsync(Enumerable.Range(0, 250).Select(RowOf), compression);
        var whole = File.ReadAllBytes(Path);
        var footer = whole.Length - 8 - BitConverter.ToInt32(whole, whole.Length - 8);
        var random = new Random(1);
        var refused = 0;

        for (var i = 0; i < 200; i++)
        {
            var damaged = whole.ToArray();
            damaged.AsSpan(random.Next(4, footer - 4), random.Next(1, 4)).Fill((byte)random.Next(256));
            File.WriteAllBytes(Path, damaged);
            try
            {
                Assert.Equal(250, Read().Length);
            }
            catch (UserInputException e)
            {
                AssertOneLine(e);
                refused++;
            }
        }
        Assert.InRange(refused, 20, 200);
    }

    [Fact]
    public async Task Read_fileCutAnywhere_isRefused()
    {
        await WriteAsync(Enumerable.Range(0, 250).Select(RowOf), CompressionMethod.Snappy);
        var whole = File.ReadAllBytes(Path);

        for (var length = 0; length < whole.Length; length += 101)
        {
            File.WriteAllBytes(Path, whole[..length]);
            AssertOneLine(Assert.Throws<UserInputException>(() => Read()));
        }
    }

    /// <summary>The end of the file, copied to where it would be after pages were lost.</summary>
    [Fact]
    public async Task Read_pagesThatAreNotThere_areRefused()
    {
        await WriteAsync(Enumerable.Range(0, 250).Select(RowOf), CompressionMethod.Snappy);
        var whole = File.ReadAllBytes(Path);
        File.WriteAllBytes(Path, [.. whole[..4], .. whole[(whole.Length - 8 - BitConverter.ToInt32(whole, whole.Length - 8))..]]);

        AssertOneLine(Assert.Throws<UserInputException>(() => Read()));
    }

    private void AssertOneLine(UserInputException e)
    {
        Assert.StartsWith(Path, e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    private string Path => _directory["rows.parquet"];

    private static async Task WriteTexts(
        ParquetRowGroupWriter group,
        DataField column,
        string[] texts,
        int[] definitions,
        int[] repetitions) =>
        await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
            column,
            texts.Select(text => text.AsMemory()).ToArray(),
            definitions,
            repetitions,
            default);

    /// <summary>Three groups; few texts are dictionary-encoded, many are not.</summary>
    private async Task WriteAsync(IEnumerable<Row> rows, CompressionMethod compression) =>
        await ParquetSerializer.SerializeAsync(rows, Path, new ParquetOptions { CompressionMethod = compression, RowGroupSize = 100 });

    private static Row RowOf(int i) => new()
    {
        Prompt = i % 7 == 0 ? null : $"<{i}> é\n\"",
        Turns = i % 5 == 0 ? null : [.. Enumerable.Range(0, i % 3).Select(turn => new Turn { Role = "user", Content = $"{turn}" })],
        Score = i % 2 == 0 ? double.NaN : i / 4d,
        Right = i % 11 == 0,
        Hash = [1, 2],
    };

    private static string JsonOf(int i)
    {
        var prompt = i % 7 == 0 ? "" : $"\"prompt\":\"<{i}> é\\n\\\"\",";
        var turns =
            i % 5 == 0
                ? ""
                : $"\"turns\":[{string.Join(',', Enumerable.Range(0, i % 3).Select(turn => $"{{\"role\":\"user\",\"content\":\"{turn}\"}}"))}],";
        return FormattableString.Invariant(
            $"{{{prompt}{turns}\"score\":{(i % 2 == 0 ? "\"NaN\"" : i / 4d)},\"right\":{(i % 11 == 0 ? "true" : "false")}}}");
    }

    private (int Number, string Json)[] Read(params string[][] wanted)
    {
        using var file = RowFile.Open(Path, wanted.Length > 0 ? wanted : [[]]);
        return [.. file.Read().Select(row => (row.Number, Encoding.UTF8.GetString(row.Json.Span)))];
    }

    private sealed class Row
    {
        [JsonPropertyName("prompt")]
        public string? Prompt { get; set; }

        [JsonPropertyName("turns")]
        public List<Turn>? Turns { get; set; }

        [JsonPropertyName("score")]
        public double Score { get; set; }

        [JsonPropertyName("right")]
        public bool Right { get; set; }

        [JsonPropertyName("hash")]
        public byte[] Hash { get; set; } = [];
    }

    private sealed class Seen
    {
        [JsonPropertyName("prompt")]
        public string? Prompt { get; set; }

        [JsonPropertyName("images")]
        public List<Picture>? Images { get; set; }
    }

    private sealed class Picture
    {
        [JsonPropertyName("bytes")]
        public byte[]? Bytes { get; set; }

        [JsonPropertyName("path")]
        public string? Path { get; set; }
    }

    private sealed class Turn
    {
        [JsonPropertyName("role")]
        public string? Role { get; set; }

        [JsonPropertyName("content")]
        public string? Content { get; set; }
    }
}
