using IterativeDpo.Generation;
using IterativeDpo.Judging.Cascades;

namespace IterativeDpo.Judging.Tests.Cascades;

public sealed class CascadeJudgeTests : IAsyncDisposable
{
    private static readonly PromptSamples Two = Samples.OfPrompt("p", "a", "b");
    private readonly FakeJudge _costly = new(new Verdict(
        [new(0, 0.1, "worse"), new(1, 0.9, "better")], [new(0, 1, Preference.Second, 0.1, "clearer")], new JudgeUsage(2, 0, 10, 1)));

    [Theory]
    [InlineData(1.0, 0.0, false)]
    [InlineData(0.6, 0.5, true)]
    [InlineData(0.5, 0.5, true)]
    [InlineData(1.0, null, true)]
    public async Task JudgeAsync_nextStep_isAskedOnlyWhereTheFirstIsUnsure(double first, double? second, bool asked)
    {
        var verdict = await JudgeAsync(new FakeJudge(first, second), Two, sureMargin: 0.2);

        Assert.Equal(asked ? 1 : 0, _costly.Asked);
        Assert.Equal(asked ? 0.1 : first, verdict.Judgements[0].Score);
        Assert.Equal(asked ? "costly: worse" : "cheap: because 0", verdict.Judgements[0].Explanation);
        Assert.Equal(asked ? "costly: clearer" : null, verdict.Comparisons?[0].Explanation);
    }

    [Theory]
    [InlineData(0.95, Preference.First, false)]
    [InlineData(0.85, Preference.First, true)]
    [InlineData(0.95, Preference.Tie, true)]
    [InlineData(0.05, Preference.Second, true)]
    public async Task JudgeAsync_firstStepThatCompares_mustBeSureAndAgreeWithItsScores(
        double probability,
        Preference preference,
        bool asked)
    {
        var compares = new FakeJudge(new Verdict([new(0, 1, ""), new(1, 0, "")], [new(0, 1, preference, probability, "")]));

        await JudgeAsync(compares, Two, sureProbability: 0.9);

        Assert.Equal(asked ? 1 : 0, _costly.Asked);
    }

    [Fact]
    public async Task JudgeAsync_anyTwoToldApart_isSureOfThePrompt()
    {
        await JudgeAsync(new FakeJudge(1, 1, 0), Samples.OfPrompt("p", "a", "b", "c"));

        Assert.Equal(0, _costly.Asked);
    }

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(null, true)]
    public async Task JudgeAsync_oneSample_isSureWhereItHasAScore(double? score, bool asked)
    {
        await JudgeAsync(new FakeJudge(score), Samples.OfPrompt("p", "a"));

        Assert.Equal(asked ? 1 : 0, _costly.Asked);
    }

    [Fact]
    public async Task JudgeAsync_usage_sumsAndCountsTheStepsAsked()
    {
        var sure = await JudgeAsync(new FakeJudge(1, 0), Two);
        var unsure = await JudgeAsync(new FakeJudge(1, 1), Two);

        var usage = JudgeUsage.Sum([sure.Usage, unsure.Usage, null])!;
        Assert.Equal((2, 10, 1), (usage.Calls, usage.InputTokens, usage.OutputTokens));
        Assert.Equal([("cheap", 2), ("costly", 1)], usage.Asked!.Select(step => (step.Key, step.Value)));
    }

    [Fact]
    public async Task JudgeAsync_lastStep_isTakenWhateverItSays()
    {
        var verdict = await Cascade(new FakeJudge(1, 1), new FakeJudge(null, 0.5)).JudgeAsync(Two, default);

        Assert.Equal([null, 0.5], verdict.Judgements.Select(judgement => judgement.Score));
    }

    [Fact]
    public async Task JudgeAsync_stepThatFails_failsTheCascade()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => JudgeAsync(FakeJudge.Failing("no answer"), Two));

        Assert.Equal(0, _costly.Asked);
    }

    [Fact]
    public async Task Cascade_passesOnPolicyCheckAndEnd()
    {
        FakeJudge[] steps = [new(1, 0), new(1, 0) { ScoresSingleSamples = false }];
        var cascade = Cascade(steps);

        cascade.UsePolicy("adapter");
        cascade.AskAnew(3);
        await cascade.CheckAsync([], default);
        await cascade.DisposeAsync();

        Assert.All(steps, step => Assert.Equal(("adapter", 3, 1, true), (step.Policy, step.Time, step.Checked, step.Disposed)));
        Assert.False(cascade.ScoresSingleSamples);
        Assert.True(Cascade(new FakeJudge(1), new FakeJudge(1)).ScoresSingleSamples);
    }

    public ValueTask DisposeAsync() => _costly.DisposeAsync();

    private static CascadeJudge Cascade(params FakeJudge[] steps) => new(new("cascade", ["cheap", "costly"], 0, 0.5), steps);

    private Task<Verdict> JudgeAsync(FakeJudge cheap, PromptSamples samples, double sureMargin = 0, double sureProbability = 0.5) =>
        new CascadeJudge(new("cascade", ["cheap", "costly"], sureMargin, sureProbability), [cheap, _costly]).JudgeAsync(samples, default);
}
