using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Judging.Tests.Runs;

public sealed class VerdictLogTests : IDisposable
{
    private readonly LabelFixture _fixture = new(3);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Open_cuts_a_torn_last_line()
    {
        await JudgeAsync();
        var whole = File.ReadAllText(_fixture.OutPath);
        File.WriteAllText(_fixture.OutPath, whole[..^30]);

        using var log = Open();

        Assert.Equal(["p0", "p1"], log.PromptIds);
        Assert.Equal(string.Concat(whole.Split('\n')[..2].Select(line => line + "\n")).Length, new FileInfo(_fixture.OutPath).Length);
    }

    [Fact]
    public async Task Open_file_of_another_judge_is_refused_and_kept()
    {
        await JudgeAsync();
        var before = File.ReadAllText(_fixture.OutPath);

        var error = Assert.Throws<UserInputException>(() => Open("second"));

        Assert.Contains("'first', not of 'second'", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(_fixture.OutPath));
    }

    [Theory]
    [InlineData("some notes", "line 1: not a prompt's verdict")]
    [InlineData("{\"prompt\":\"Q\"}\n", "line 1: not a prompt's verdict")]
    [InlineData("{\"prompt_id\":\"p\",\"verdict\":null}\n", "did not write")]
    public void Open_file_of_another_kind_is_refused_and_kept(string text, string said)
    {
        File.WriteAllText(_fixture.OutPath, text);

        var error = Assert.Throws<UserInputException>(() => Open());

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(_fixture.OutPath));
    }

    [Fact]
    public async Task Open_to_replace_keeps_what_is_there_until_the_first_verdict()
    {
        File.WriteAllText(_fixture.OutPath, "old");
        using (VerdictLog.Open(_fixture.OutPath, "first", replace: true))
        {
        }
        Assert.Equal("old", File.ReadAllText(_fixture.OutPath));

        await JudgeAsync(replace: true);

        Assert.Equal(["p0", "p1", "p2"], _fixture.JudgedIds());
    }

    [Fact]
    public async Task Find_verdict_on_other_samples_is_refused()
    {
        await JudgeAsync();
        var samples = _fixture.Prompts[0].Samples;
        using var log = Open();

        Assert.NotNull(log.Find(samples));
        var first = samples.Samples[0];
        PromptSamples[] others =
        [
            samples with { PromptIds = [7] },
            samples with { Samples = [first with { Text = "another" }, samples.Samples[1]] },
            samples with { Samples = [first with { TokenIds = [7] }, samples.Samples[1]] },
        ];
        Assert.All(others, other =>
            Assert.Contains(
                "'p0' is on other samples",
                Assert.Throws<UserInputException>(() => log.Find(other)).Message,
                StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_names_the_first_mismatch()
    {
        await JudgeAsync();
        var prompts = _fixture.Prompts;
        var (none, two) = (new Dictionary<string, Verdict>(), new Verdict([new(0, 1, "")]));
        string Error(Dictionary<string, Verdict> labels, params string[] judged) => Assert.Throws<UserInputException>(
            () => JudgeInput.Check(prompts, "samples.jsonl", labels, "gold.jsonl").RefuseOthers(judged, "out.jsonl")).Message;

        Assert.Equal(3, JudgeInput.Check(prompts, "samples.jsonl", none, null).PromptIds.Count);
        Assert.Contains("gold.jsonl: labels the prompt 'x'", Error(new() { ["x"] = two }), StringComparison.Ordinal);
        Assert.Contains("gold.jsonl: labels 1 samples of prompt 'p1', and", Error(new() { ["p1"] = two }), StringComparison.Ordinal);
        Assert.Contains("out.jsonl: has a verdict on the prompt 'y'", Error(none, "p0", "y"), StringComparison.Ordinal);
        prompts = [.. prompts, prompts[0]];
        Assert.Contains("two prompts have the id 'p0'", Error(none), StringComparison.Ordinal);
    }

    private VerdictLog Open(string judge = "first") => VerdictLog.Open(_fixture.OutPath, judge);

    private async Task JudgeAsync(bool replace = false)
    {
        using var log = VerdictLog.Open(_fixture.OutPath, "first", replace);
        await _fixture.RunAsync(new FirstIsBest(), log);
    }
}
