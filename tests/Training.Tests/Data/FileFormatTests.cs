using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>The same rows in every kind of file become the same examples.</summary>
public sealed class FileFormatTests(DataFiles files) : IClassFixture<DataFiles>
{
    private static readonly Row[] _rows = [.. Enumerable.Range(0, 10).Select(i => new Row
    {
        Prompt = [.. i % 2 == 0 ? [new Turn("system", "Be brief.")] : Array.Empty<Turn>(), new("user", $"é{i}?")],
        Chosen = [new("assistant", $"yes {i}")],
        Rejected = [new("assistant", "no")],
        Probability = i % 3 == 0 ? null : 0.8,
        Source = "web",
    })];

    [Fact]
    public async Task Open_rows_in_any_kind_of_file_give_the_same_examples()
    {
        var lines = files.Write(_rows.Select(Json));
        string[][] others =
        [
            [await files.WriteParquetAsync(_rows)],
            [await files.WriteParquetAsync(_rows[..4]), await files.WriteParquetAsync(_rows[4..])],
            [Compress(lines, "rows.jsonl.gz", file => new GZipStream(file, CompressionLevel.Fastest))],
            [Compress(lines, "rows.jsonl.zst", file => new ZstdSharp.CompressionStream(file, leaveOpen: false))],
        ];
        using var expected = files.Open(lines);

        foreach (var paths in others)
        {
            using var data = TrainingData.Open(paths, files.Tokenizer, new DataOptions(64), files[$"cache-{Path.GetFileName(paths[0])}"]);

            Assert.Equivalent(expected.Examples, data.Examples, strict: true);
            Assert.Equal((expected.Rows.Rows, DataFormat.ChatPreference), (data.Rows.Rows, Assert.Single(data.Rows.Formats)));
        }
    }

    [Fact]
    public async Task Open_unpaired_columns_are_read()
    {
        var path = await files.WriteParquetAsync(new[] { new UnpairedRow("a", "x", true), new("a", "y", false) });

        using var data = files.Open(path, new DataOptions(64, Unpaired: true));

        Assert.Equal([true, false], data.Examples.Cast<LabelledCompletion>().Select(example => example.Desirable));
    }

    [Fact]
    public async Task Open_bad_row_of_a_Parquet_file_is_named_as_a_row()
    {
        var path = await files.WriteParquetAsync(
            _rows.Select((row, i) => i == 7 ? new Row { Prompt = row.Prompt, Rejected = row.Rejected } : row));

        var error = Assert.Throws<UserInputException>(() => files.Open(path));
        using var data = files.Open(path, new DataOptions(64, SkipBadRows: true));

        Assert.StartsWith($"{path}, row 8: \"chosen\" is missing", error.Message);
        Assert.Equal((8, RowProblem.MissingField), (data.Rows.FirstRejected.Single().Line, data.Rows.FirstRejected.Single().Problem));
    }

    [Fact]
    public async Task Open_Parquet_file_without_the_columns_is_an_error_even_if_bad_rows_are_skipped()
    {
        var path = await files.WriteParquetAsync(new[] { new OtherRow("a", "b") });

        var error = Assert.Throws<UserInputException>(() => files.Open(path, new DataOptions(64, SkipBadRows: true)));

        Assert.Contains("\"instruction\" (text), \"output\" (text)", error.Message);
        Assert.Contains("\"chosen\" and \"rejected\", or \"prompt\" and \"completion\" and \"label\"", error.Message);
    }

    [Fact]
    public async Task Open_rewritten_Parquet_file_is_read_again()
    {
        var path = await files.WriteParquetAsync(_rows);
        var other = await files.WriteParquetAsync(_rows[1..]);
        var cache = files["cache-rewritten"];
        files.Open(path, cache: cache).Dispose();
        using (var again = files.Open(path, cache: cache))
        {
            Assert.True(again.Reused);
        }
        File.Copy(other, path, overwrite: true);

        using var changed = files.Open(path, cache: cache);

        Assert.Equal((false, 9), (changed.Reused, changed.Examples.Count));
    }

    [Fact]
    public async Task Convert_several_files_writes_the_rows_of_all()
    {
        string[] paths = [await files.WriteParquetAsync(_rows[..4]), files.Write(_rows[4..].Select(Json))];

        var summary = new DataConverter(DataTarget.TrlConversational, null).Convert(paths, files["both.jsonl"], new DataOptions(0));

        using var expected = files.Open(files.Write(_rows.Select(Json)));
        using var data = files.Open(files["both.jsonl"]);
        Assert.Equal(10, summary.RowsWritten);
        Assert.Equivalent(expected.Examples, data.Examples, strict: true);
    }

    [Fact]
    public async Task Read_preferences_of_a_Parquet_file_can_be_judged()
    {
        var path = await files.WriteParquetAsync(_rows);

        var read = LabelledSamplesFile.Read(path).Select(samples => samples.Samples).ToArray();

        Assert.Equal("row-10", read[9].Prompt.Id);
        Assert.Equal(["yes 9", "no"], read[9].Samples.Select(sample => sample.Text));
    }

    private static string Json(Row row) => JsonSerializer.Serialize(row);

    private string Compress(string path, string name, Func<Stream, Stream> compressed)
    {
        using var stream = compressed(File.Create(files[name]));
        stream.Write(File.ReadAllBytes(path));
        return files[name];
    }

    private sealed class Turn(string role, string content)
    {
        public Turn() : this("", "")
        {
        }

        [JsonPropertyName("role")]
        public string Role { get; set; } = role;

        [JsonPropertyName("content")]
        public string Content { get; set; } = content;
    }

    private sealed class Row
    {
        [JsonPropertyName("source")]
        public string? Source { get; set; }

        [JsonPropertyName("prompt")]
        public List<Turn>? Prompt { get; set; }

        [JsonPropertyName("chosen")]
        public List<Turn>? Chosen { get; set; }

        [JsonPropertyName("rejected")]
        public List<Turn>? Rejected { get; set; }

        [JsonPropertyName("chosen_probability")]
        public double? Probability { get; set; }
    }

    private sealed class UnpairedRow(string prompt, string completion, bool label)
    {
        [JsonPropertyName("prompt")]
        public string Prompt { get; set; } = prompt;

        [JsonPropertyName("completion")]
        public string Completion { get; set; } = completion;

        [JsonPropertyName("label")]
        public bool Label { get; set; } = label;
    }

    private sealed class OtherRow(string instruction, string output)
    {
        [JsonPropertyName("instruction")]
        public string Instruction { get; set; } = instruction;

        [JsonPropertyName("output")]
        public string Output { get; set; } = output;
    }
}
