using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Ensembles;

public class EnsembleJudgeTests
{
    private static readonly PromptSamples Two = Samples.OfPrompt("p", "a", "b");

    [Fact]
    public async Task JudgeAsync_vote_givesTheWinnersShareOfTheWeight()
    {
        var verdict = await JudgeAsync(
            Vote(3) with
            {
                Weights = [1, 2, 5],
            },
            new FakeJudge(1, 0),
            new FakeJudge(0.2, 0.1),
            new FakeJudge(0, 1));

        var comparison = Assert.Single(verdict.Comparisons!);
        Assert.Equal(
            (0, 1, Preference.Second, 0.375),
            (comparison.First, comparison.Second, comparison.Preference, comparison.Probability));
        Assert.Equal("a: #0; b: #0; c: #1", comparison.Explanation);
        Assert.Equal([0.375, 0.625], verdict.Judgements.Select(judgement => judgement.Score));
        Assert.Equal("a 1: because 0; b 0.2: because 0; c 0: because 0", verdict.Judgements[0].Explanation);
    }

    [Fact]
    public async Task JudgeAsync_vote_goesByAMembersComparisonBeforeItsScores()
    {
        var compares = new FakeJudge(
            new Verdict([new(0, 1, ""), new(1, 0, "")], [new(1, 0, Preference.First, 0.6, "clearer", Calls: [new("A or B?", "A")])]));

        var verdict = await JudgeAsync(Vote(2), compares, new FakeJudge(0, 1));

        var comparison = Assert.Single(verdict.Comparisons!);
        Assert.Equal((Preference.Second, 0.0), (comparison.Preference, comparison.Probability));
        Assert.Equal("a: #1 (clearer); b: #1", comparison.Explanation);
        Assert.Equal("A", Assert.Single(comparison.Calls!).Answer);
    }

    [Fact]
    public async Task JudgeAsync_voteBelowTheMinimumAgreement_isATie()
    {
        FakeJudge[] members = [new(1, 0), new(1, 0), new(0, 1)];

        Assert.Equal(Preference.First, (await JudgeAsync(Vote(3) with { MinimumAgreement = 0.66 }, members)).Comparisons![0].Preference);
        Assert.Equal(Preference.Tie, (await JudgeAsync(Vote(3) with { MinimumAgreement = 0.67 }, members)).Comparisons![0].Preference);
    }

    [Fact]
    public async Task JudgeAsync_voteWithATie_givesHalfToEach()
    {
        var comparison = (await JudgeAsync(Vote(2), new FakeJudge(1, 0), new FakeJudge(1, 1))).Comparisons![0];

        Assert.Equal((Preference.First, 0.75), (comparison.Preference, comparison.Probability));
        Assert.Equal(Preference.Tie, (await JudgeAsync(Vote(2), new FakeJudge(1, 0), new FakeJudge(0, 1))).Comparisons![0].Preference);
    }

    [Theory]
    [InlineData(0, Preference.Abstained)]
    [InlineData(3, Preference.Abstained)]
    [InlineData(2, Preference.First)]
    public async Task JudgeAsync_voteWithAnAbstention_takesTheMinimumOfMembers(int minimum, Preference expected)
    {
        var verdict = await JudgeAsync(
            Vote(3) with
            {
                MinimumMembers = minimum,
            },
            new FakeJudge(1, 0),
            new FakeJudge(1, 0),
            new FakeJudge(1, null));

        Assert.Equal(expected, verdict.Comparisons![0].Preference);
        Assert.Equal(expected == Preference.Abstained ? null : 1.0, verdict.Judgements[0].Score);
    }

    [Fact]
    public async Task JudgeAsync_voteOfManySamples_scoresBySharesOverAllOthers()
    {
        var verdict = await new EnsembleJudge(Vote(2), [new FakeJudge(3, 2, 1), new FakeJudge(3, 1, 2)]).JudgeAsync(
            Samples.OfPrompt("p", "a", "b", "c"),
            default);

        Assert.Equal([1, 0.25, 0.25], verdict.Judgements.Select(judgement => judgement.Score));
        var pairs = PairSelector.Select(Samples.OfPrompt("p", "a", "b", "c"), verdict, new(PairStrategy.AllAboveMargin, 9), 1);
        Assert.Equal([(0, 1, 1), (0, 2, 1)], pairs.Pairs.Select(pair => (pair.ChosenIndex, pair.RejectedIndex, pair.Probability)).Order());
        Assert.Equal(1, pairs.Counts.Ties);
    }

    [Fact]
    public async Task JudgeAsync_mean_weighsScores()
    {
        var verdict = await JudgeAsync(Mean(2) with { Weights = [1, 3] }, new FakeJudge(1, 0), new FakeJudge(0, 2));

        Assert.Equal([0.25, 1.5], verdict.Judgements.Select(judgement => judgement.Score));
        Assert.Null(verdict.Comparisons);
    }

    [Fact]
    public async Task JudgeAsync_meanOfScoresThatAddUpAlike_isATieWhateverTheRounding()
    {
        var verdict = await JudgeAsync(Mean(3), new FakeJudge(0.1, 0.3), new FakeJudge(0.2, 0.2), new FakeJudge(0.3, 0.1));

        Assert.Equal(verdict.Judgements[0].Score, verdict.Judgements[1].Score);
    }

    [Fact]
    public async Task JudgeAsync_meanOfRanks_putsUnboundedRewardsAndGradesOnOneScale()
    {
        var options = Mean(2) with { Normalise = Normalisation.Rank };
        var verdict = await new EnsembleJudge(options, [new FakeJudge(-500, 20, 1000), new FakeJudge(1, 1, 0)]).JudgeAsync(
            Samples.OfPrompt("p", "a", "b", "c"),
            default);

        Assert.Equal([0.375, 0.625, 0.5], verdict.Judgements.Select(judgement => judgement.Score));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, 0.5)]
    public async Task JudgeAsync_meanWithAnAbstention_takesTheMinimumOfMembers(int minimum, double? expected)
    {
        var verdict = await JudgeAsync(Mean(2) with { MinimumMembers = minimum }, new FakeJudge(0.5, 0.5), new FakeJudge(null, 1));

        Assert.Equal([expected, 0.75], verdict.Judgements.Select(judgement => judgement.Score));
        Assert.StartsWith("a 0.5: because 0; b abstained: ", verdict.Judgements[0].Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JudgeAsync_memberThatFails_failsTheEnsembleUnlessEnoughRemain()
    {
        var failure = await Assert.ThrowsAsync<EnsembleException>(() =>
            JudgeAsync(Mean(2), new FakeJudge(1, 0), FakeJudge.Failing("no answer")));
        var verdict = await JudgeAsync(Mean(2) with { MinimumMembers = 1 }, new FakeJudge(1, 0), FakeJudge.Failing("no answer"));

        Assert.Equal("1 of 2 members failed and 2 are needed: b: no answer", failure.Message);
        Assert.Equal([1, 0], verdict.Judgements.Select(judgement => judgement.Score));
        Assert.EndsWith("; b failed: no answer", verdict.Judgements[0].Explanation, StringComparison.Ordinal);
        Assert.Equal(
            "a: #0; b failed",
            (await JudgeAsync(Vote(2) with { MinimumMembers = 1 }, new FakeJudge(1, 0), FakeJudge.Failing("x"))).Comparisons![0].Explanation
        );
    }

    [Fact]
    public async Task JudgeAsync_memberThatTheUserMustPutRight_isNotPassedOver()
    {
        var broken = new FakeJudge((_, _) => throw new UserInputException("no key"));

        await Assert.ThrowsAsync<UserInputException>(() => JudgeAsync(Mean(2) with { MinimumMembers = 1 }, new FakeJudge(1, 0), broken));
    }

    [Fact]
    public async Task JudgeAsync_cancelled_isNoFailureOfAMember()
    {
        using var cancel = new CancellationTokenSource();
        var waits = new FakeJudge(async (_, token) =>
        {
            await cancel.CancelAsync();
            token.ThrowIfCancellationRequested();
            return new([]);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new EnsembleJudge(Mean(2) with { MinimumMembers = 1 }, [new FakeJudge(1, 0), waits]).JudgeAsync(Two, cancel.Token));
    }

    [Fact]
    public async Task JudgeAsync_members_areAskedAtOnce()
    {
        using var both = new CountdownEvent(2);
        FakeJudge Member() => new((_, token) =>
        {
            both.Signal();
            both.Wait(token);
            return Task.FromResult(new Verdict([new(0, 1, ""), new(1, 0, "")], Usage: new(1, 0, 10, 2)));
        });

        var verdict = await JudgeAsync(Mean(2), Member(), Member());

        Assert.Equal(new JudgeUsage(2, 0, 20, 4), verdict.Usage);
    }

    [Fact]
    public async Task Ensemble_passesOnPolicyCheckAndEnd()
    {
        FakeJudge[] members = [new(1, 0), new(1, 0)];
        var ensemble = new EnsembleJudge(Mean(2), members);

        ensemble.UsePolicy("adapter");
        ensemble.AskAnew(3);
        await ensemble.CheckAsync([], default);
        await ensemble.DisposeAsync();

        Assert.All(members, member => Assert.Equal(("adapter", 3, 1, true), (member.Policy, member.Time, member.Checked, member.Disposed)));
    }

    [Fact]
    public void ScoresSingleSamples_onlyOfAPlainMeanOfThoseWhoDo()
    {
        FakeJudge[] all = [new(1, 0), new(1, 0)];

        Assert.True(new EnsembleJudge(Mean(2), all).ScoresSingleSamples);
        Assert.False(new EnsembleJudge(Vote(2), all).ScoresSingleSamples);
        Assert.False(new EnsembleJudge(Mean(2) with { Normalise = Normalisation.Rank }, all).ScoresSingleSamples);
        Assert.False(new EnsembleJudge(Mean(2), [new FakeJudge(1), new FakeJudge(1) { ScoresSingleSamples = false }]).ScoresSingleSamples);
    }

    private static Task<Verdict> JudgeAsync(EnsembleOptions options, params FakeJudge[] members) =>
        new EnsembleJudge(options, members).JudgeAsync(Two, default);

    private static EnsembleOptions Vote(int members) =>
        new("panel", [.. new[] { "a", "b", "c" }.Take(members)], [], Combination.Vote, Normalisation.None, 0.5, 0);

    private static EnsembleOptions Mean(int members) => Vote(members) with { Combine = Combination.Mean };
}
