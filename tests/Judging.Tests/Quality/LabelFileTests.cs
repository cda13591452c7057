using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class LabelFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_scores_in_the_order_of_the_samples()
    {
        var label = Read("""{"id":"p","scores":[1,null,0.5]}""")["p"];

        Assert.Equal([(0, 1.0), (1, null), (2, 0.5)], label.Judgements.Select(judgement => (judgement.SampleIndex, judgement.Score)));
    }

    [Fact]
    public void Read_verdicts_of_another_judge_without_those_it_failed_on()
    {
        using (var stream = File.Create(_path))
        {
            VerdictFile.Write(
                stream,
                [new("p", new([new(0, 1, "why")], [new(0, 1, Preference.First, 1, "why")])), new("q", null, "no answer")]);
        }

        var labels = LabelFile.Read(_path);

        Assert.Equal(["p"], labels.Keys);
        Assert.Equal(Preference.First, labels["p"].Comparisons!.Single().Preference);
    }

    [Theory]
    [InlineData("no json", "no label")]
    [InlineData("[]", "no label")]
    [InlineData("""{"id":"q"}""", "no label")]
    [InlineData("""{"id":"q","scores":["good"]}""", "no label")]
    [InlineData("""{"id":null,"scores":[1]}""", "no label")]
    [InlineData(
        """{"prompt_id":"q","verdict":{"judgements":[{"sample_index":0,"score":1,"explanation":""},{"sample_index":0,"score":0,"explanation":""}]}}""",
        "judges sample 0 twice")]
    [InlineData("""{"id":"p","scores":[1]}""", "a second label of prompt 'p'")]
    public void Read_bad_line_is_named(string line, string said)
    {
        var error = Assert.Throws<UserInputException>(() => Read("""{"id":"p","scores":[1]}""", line));

        Assert.Contains($"{_path}, line 2", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_empty_or_missing_file_is_named()
    {
        Assert.Contains("no labels", Assert.Throws<UserInputException>(() => Read()).Message, StringComparison.Ordinal);
        Assert.Contains(
            "nowhere",
            Assert.Throws<UserInputException>(() => LabelFile.Read("nowhere.jsonl")).Message,
            StringComparison.Ordinal);
    }

    private IReadOnlyDictionary<string, Verdict> Read(params string[] lines)
    {
        File.WriteAllLines(_path, lines);
        return LabelFile.Read(_path);
    }
}
