using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Tests;

public sealed class PairFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_written_records_gives_them_back()
    {
        PairRecord[] records =
        [
            new(new("p1", [1, 2], [3, 4], [5], 0.75), Provenance()),
            new(new("p2", [1], [2], [3])),
        ];
        WriteFile(records);

        var read = PairFile.Read(_path).ToList();

        Assert.Equal(records[0].Provenance, read[0].Provenance);
        Assert.Null(read[1].Provenance);
        Assert.Equal([3, 4], read[0].Pair.ChosenIds);
        Assert.Equal(0.75, read[0].Pair.ChosenProbability);
        Assert.Equal("p2", read[1].Pair.PromptId);
    }

    [Fact]
    public void Read_pair_of_the_base_policy_without_a_task()
    {
        var provenance = Provenance() with { Task = null, AdapterSha256 = null };
        WriteFile([new(new("p1", [1], [2], [3]), provenance)]);

        Assert.Equal(provenance, PairFile.Read(_path).Single().Provenance);
    }

    [Fact]
    public void Write_gives_these_bytes()
    {
        using var stream = new MemoryStream();

        PairFile.Write(stream, [new(new("é", [1], [2], [3], 0.1))]);

        Assert.Equal(
            "{\"pair\":{\"prompt_id\":\"é\",\"prompt_ids\":[1],\"chosen_ids\":[2],\"rejected_ids\":[3],\"chosen_probability\":0.1}}\n",
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Read_missing_file_names_it()
    {
        var e = Assert.Throws<UserInputException>(() => PairFile.Read(_path));

        Assert.Contains(_path, e.Message);
    }

    [Theory]
    [InlineData("{", "not a pair")]
    [InlineData("null", "null")]
    [InlineData("{\"pair\":{\"prompt_id\":\"a\",\"prompt_ids\":[1],\"chosen_ids\":[2],\"chosen_probability\":1}}", "rejected_ids")]
    [InlineData("{\"pair\":{\"prompt_id\":\"a\",\"prompt_ids\":[],\"chosen_ids\":[2],\"rejected_ids\":[3]}}", "prompt_ids")]
    [InlineData("{\"pair\":{\"prompt_id\":\"a\",\"prompt_ids\":[1],\"chosen_ids\":[-2],\"rejected_ids\":[3]}}", "negative")]
    [InlineData(
        "{\"pair\":{\"prompt_id\":\"a\",\"prompt_ids\":[1],\"chosen_ids\":[2],\"rejected_ids\":[3],\"chosen_probability\":2}}",
        "chosen_probability")]
    [InlineData("{\"pair\":{\"prompt_id\":\"a\",\"prompt_ids\":[1],\"chosen_ids\":[2],\"rejected_ids\":[3]},\"extra\":1}", "extra")]
    public void Read_bad_line_names_file_line_and_field(string line, string problem)
    {
        WriteFile([new(new("p", [1], [2], [3]))]);
        File.AppendAllText(_path, line + "\n");

        var e = Assert.Throws<UserInputException>(() => PairFile.Read(_path).ToList());

        Assert.Contains($"{_path}, line 2", e.Message);
        Assert.Contains(problem, e.Message);
    }

    private static PairProvenance Provenance() =>
        new(
            "add",
            "1+1?",
            "2",
            "3",
            0,
            1,
            ulong.MaxValue,
            7,
            1,
            0,
            "verifier",
            "temperature 1",
            Digest.Of("base"u8),
            Digest.Of("adapter"u8),
            3);

    private void WriteFile(IEnumerable<PairRecord> records)
    {
        using var stream = File.Create(_path);
        PairFile.Write(stream, records);
    }
}
