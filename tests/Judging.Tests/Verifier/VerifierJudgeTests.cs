using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Tests.Verifier;

public class VerifierJudgeTests
{
    [Fact]
    public async Task JudgeAsync_stopString_endsAnAnswer() =>
        Assert.Equal(1, (await JudgeAsync(Samples.Of(0, "42", FinishReason.Stop), new AnswerCheck("exact", "42"))).Score);

    [Fact]
    public async Task JudgeAsync_severalChecks_weighsThemAndExplainsEach()
    {
        var judgement = await JudgeAsync(Samples.Of(0, "x 42"), new("exact", "42", 3), new("contains", "42", 1));

        Assert.Equal(0.25, judgement.Score);
        Assert.Equal("exact 42: no, differs at character 1; contains 42: yes", judgement.Explanation);
    }

    [Fact]
    public async Task JudgeAsync_requiredCheckFails_scores0WhateverTheRest()
    {
        var judgement = await JudgeAsync(
            Samples.Of(0, "x 42"),
            new("ended", "", 0, Required: true),
            new("exact", "42", 1, Required: true),
            new("contains", "42", 9));

        Assert.Equal(0, judgement.Score);
        Assert.Equal("ended: yes; exact 42: no, differs at character 1 (required); contains 42: yes", judgement.Explanation);
    }

    [Fact]
    public async Task JudgeAsync_requiredChecksPass_scoresByTheWeights() =>
        Assert.Equal(0.25, (await JudgeAsync(Samples.Of(0, "42!"), new("contains", "42", 1, Required: true), new("exact", "42", 3))).Score);

    [Fact]
    public async Task JudgeAsync_longValue_isShortenedInTheExplanation() =>
        Assert.EndsWith(
            "…: no, not there",
            (await JudgeAsync(Samples.Of(0, "42"), new AnswerCheck("contains", new string('x', 500)))).Explanation);

    [Fact]
    public async Task JudgeAsync_promptWithoutChecks_isHeldToTheJudgesOwn()
    {
        await using var judge = new VerifierJudge([new("contains", "4")]);

        var own = await judge.JudgeAsync(
            new(Samples.Prompt(new AnswerCheck("exact", "43")), [1], [Samples.Of(0, "42")]),
            CancellationToken.None);
        var none = await judge.JudgeAsync(new(Samples.Prompt(), [1], [Samples.Of(0, "42")]), CancellationToken.None);

        Assert.Equal([0, 1], new[] { own, none }.Select(verdict => verdict.Judgements.Single().Score!.Value));
    }

    [Fact]
    public void Name_isTheConfiguredOne() =>
        Assert.Equal(("verifier", "checks"), (new VerifierJudge().Name, new VerifierJudge([], "checks").Name));

    [Fact]
    public async Task CheckAsync_noPromptHasChecks_saysWhatToDo()
    {
        var error = await Assert.ThrowsAsync<UserInputException>(() =>
            new VerifierJudge().CheckAsync([Samples.Prompt()], CancellationToken.None));

        Assert.Contains("None of the 1 prompts has checks", error.Message);
        await new VerifierJudge([new("ended", "")]).CheckAsync([Samples.Prompt()], CancellationToken.None);
        await new VerifierJudge().CheckAsync([], CancellationToken.None);
    }

    [Fact]
    public async Task JudgeAsync_noChecks_abstains() =>
        Assert.Null((await JudgeAsync(Samples.Of(0, "42"))).Score);

    [Fact]
    public async Task JudgeAsync_severalSamples_judgesEachByItsIndex()
    {
        var samples = new PromptSamples(Samples.Prompt(new AnswerCheck("exact", "b")), [1], [Samples.Of(4, "a"), Samples.Of(2, "b")]);

        var verdict = await new VerifierJudge().JudgeAsync(samples, CancellationToken.None);

        Assert.Equal([(4, 0.0), (2, 1.0)], verdict.Judgements.Select(judgement => (judgement.SampleIndex, judgement.Score!.Value)));
    }

    [Theory]
    [InlineData("exactly", "42", 1, "check {\"kind\": \"exactly\", \"value\": \"42\"}: there is no such kind")]
    [InlineData("exact", "42", -1, "the weight -1")]
    [InlineData("exact", "42", double.NaN, "the weight NaN")]
    [InlineData("exact", "42", 0, "add up to 0")]
    public async Task CheckAsync_badCheck_namesThePromptAndTheFault(string kind, string value, double weight, string fault)
    {
        var error = await Assert.ThrowsAsync<PromptException>(
            () => new VerifierJudge().CheckAsync([Samples.Prompt(new AnswerCheck(kind, value, weight))], CancellationToken.None));

        Assert.StartsWith("Prompt \"p1\"", error.Message);
        Assert.Contains(fault, error.Message);
    }

    private static async Task<Judgement> JudgeAsync(Sample sample, params AnswerCheck[] checks) =>
        (
            await new VerifierJudge().JudgeAsync(new PromptSamples(Samples.Prompt(checks), [1], [sample]), CancellationToken.None)
        ).Judgements.Single();
}
