using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Runs;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

public sealed class LabelledSamplesFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_lines_of_a_samples_file()
    {
        var samples = new PromptSamples(
            new Prompt("p1", null, "?", "add", [new("exact", "4")]),
            [1],
            [new Sample(3, 9, [5], [-0.5f], "4", FinishReason.Eos, 0.1f, "small")]);
        using (var stream = File.Create(_path))
        {
            SampleFile.Write(stream, [samples]);
        }

        var (read, label) = Assert.Single(LabelledSamplesFile.Read(_path));

        Assert.Null(label);
        Assert.Equal(("p1", "4", 3, "small"), (read.Prompt.Id, read.Prompt.Checks[0].Value, read.Samples[0].Index, read.Samples[0].Model));
    }

    [Fact]
    public void Read_prompts_with_completions()
    {
        var rows = Read(
            """{"prompt":"2+2?","completions":["4",{"text":"5","model":"m"}],"checks":[{"kind":"exact","value":"4"}]}""",
            """{"id":"mine","prompt":[{"role":"user","content":"Hi"}],"completions":["a"]}""");

        Assert.Equal(["row-1", "mine"], rows.Select(row => row.Samples.Prompt.Id));
        Assert.Equal([("4", null), ("5", "m")], rows[0].Samples.Samples.Select(sample => (sample.Text, sample.Model)));
        Assert.Equal("exact", rows[0].Samples.Prompt.Checks.Single().Kind);
        Assert.Equal("Hi", rows[1].Samples.Prompt.Messages!.Single().Content);
    }

    [Theory]
    [InlineData("""{"prompt":"Q","chosen":"good","rejected":"bad"}""")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"Q"}],"chosen":[{"role":"assistant","content":"good"}],"rejected":[{"role":"assistant","content":"bad"}]}""")]
    [InlineData(
        """{"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"good"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"bad"}]}""")]
    public void Read_preferences_of_TRL_with_chosen_as_the_label(string line)
    {
        var (samples, label) = Read(line).Single();

        Assert.Equal("Q", samples.Prompt.Text ?? samples.Prompt.Messages!.Single().Content);
        Assert.Equal(["good", "bad"], samples.Samples.Select(sample => sample.Text));
        Assert.Equal([1, 0], label!.Judgements.Select(judgement => judgement.Score));
    }

    [Theory]
    [InlineData("0.9", new double[] { 1, 0 })]
    [InlineData("0.1", new double[] { 0, 1 })]
    [InlineData("0.5", null)]
    public void Read_preferences_with_a_probability_are_labelled_by_it(string probability, double[]? expected)
    {
        var label = Read($$"""{"prompt":"Q","chosen":"good","rejected":"bad","chosen_probability":{{probability}}}""").Single().Label;

        Assert.Equal(expected?.Select(score => (double?)score), label?.Judgements.Select(judgement => judgement.Score));
    }

    [Theory]
    [InlineData("""{"prompt":"Q"}""", "./dpo generate")]
    [InlineData("""{"pair":{}}""", "./dpo convert")]
    [InlineData("[1]", "cannot be judged")]
    [InlineData("{", "not JSON")]
    [InlineData("""{"prompt":"Q","completions":["a \ud83d"]}""", "byte 33 (\\ud83d) is half of a surrogate pair")]
    [InlineData("""{"prompt":"Q","chosen":"a","rejected":"b \ud83d"}""", "is half of a surrogate pair")]
    [InlineData("""{"prompt":"Q","images":["a.png"],"completions":["a"]}""", "\"images\" would be lost")]
    [InlineData("""{"prompt":"Q","completions":[]}""", "not empty")]
    [InlineData("""{"prompt":"Q","completions":"a"}""", "list of texts")]
    [InlineData("""{"prompt":"Q","completions":[1]}""", "must be a text")]
    [InlineData("""{"completions":["a"]}""", "\"prompt\" is missing")]
    [InlineData("""{"prompt":"Q","chosen":"same","rejected":"same"}""", "are equal")]
    [InlineData("""{"samples":[]}""", "not a prompt's samples")]
    public void Read_what_cannot_be_judged_names_line_and_way_out(string line, string said)
    {
        var error = Assert.Throws<UserInputException>(() => Read("""{"prompt":"Q","completions":["a"]}""", line));

        Assert.Contains($"{_path}, line 2", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_empty_file_says_so()
    {
        Assert.Contains("empty", Assert.Throws<UserInputException>(() => Read()).Message, StringComparison.Ordinal);
    }

    private LabelledSamples[] Read(params string[] lines)
    {
        File.WriteAllLines(_path, lines);
        return [.. LabelledSamplesFile.Read(_path)];
    }
}
