using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests;

public sealed class WatchTests
{
    [Fact]
    public void Of_rounds_within_the_limits_has_nothing_to_say() =>
        Assert.All(new CampaignSimulator().Run().State.Rounds, round => Assert.Empty(Watch.Of(new CampaignSimulator().Run().State, round)));

    [Theory]
    [InlineData("entropy", "the entropy of held-out answers fell to 0.01 nats, from 0.5 of the base; watch.entropy is 5 % of that")]
    [InlineData("long", "held-out answers have 50.0 tokens on average, and the base's had 10.0; watch.length is 4 times")]
    [InlineData("short", "held-out answers have 2.0 tokens on average")]
    [InlineData("repeats", "60 % of the runs of four tokens in held-out answers are repeated; watch.repeats is 50 %")]
    [InlineData("identical", "95 % of the samples are the same as another of their prompt; watch.identical is 90 %")]
    public void Of_a_round_beyond_a_limit_names_figure_and_setting(string fault, string expected)
    {
        var campaign = new CampaignSimulator { Change = result => Spoil(result, fault) }.Run();

        Assert.Empty(Watch.Of(campaign.State, campaign.State.Rounds[0]));
        Assert.Empty(Watch.Of(campaign.State, campaign.State.Rounds[1]));
        Assert.StartsWith(expected, Assert.Single(Watch.Of(campaign.State, campaign.State.Rounds[2])), StringComparison.Ordinal);
        // Also when what the round came to is all that is left of it.
        Assert.Single(Watch.Of(CampaignHistory.Fold(campaign.State), CampaignHistory.Fold(campaign.State).Rounds[2]));
    }

    [Theory]
    [InlineData("entropy")]
    [InlineData("long")]
    [InlineData("repeats")]
    [InlineData("identical")]
    [InlineData("gamed")]
    public void Of_limits_that_are_off_has_nothing_to_say(string fault)
    {
        var plan = CampaignSimulator.Plan with { RollbackPoints = null, Watch = new WatchOptions(null, null, null, null, null) };
        var campaign = new CampaignSimulator(plan) { Change = result => Spoil(result, fault), Right = round => 9 - round }.Run();

        Assert.All(campaign.State.Rounds, round => Assert.Empty(Watch.Of(campaign.State, round)));
    }

    [Fact]
    public void Of_scores_that_rise_while_accuracy_falls_says_so_after_so_many_rounds()
    {
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { RollbackPoints = null })
        {
            Change = result => Spoil(result, "gamed"),
            Right = round => 9 - round,
        }.Run();

        Assert.Equal([0, 0, 0, 1], campaign.State.Rounds.Select(round => Watch.Of(campaign.State, round).Count));
        Assert.Contains(
            "2 rounds in a row, to 0.3 and 60.0 %",
            Watch.Of(campaign.State, campaign.State.Rounds[3])[0],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, new[] { 2, 3 })]
    [InlineData(2, new[] { 3 })]
    [InlineData(0, new int[0])]
    public void Due_has_the_judge_label_the_first_unit_again_every_so_many_rounds(int every, int[] rounds)
    {
        var orders = new List<JudgeOrder>();
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { Watch = new WatchOptions(AnchorRounds: every) });
        while (Round.Due(campaign.State).ToArray() is { Length: > 0 } due)
        {
            orders.AddRange(due.OfType<JudgeOrder>().Where(order => order.Id.Stage == Stage.Anchor));
            campaign.Run(until: due[0].Id);
            campaign.Command(new CompleteWork(campaign.ResultOf(due[0])));
        }

        var first = CampaignHistory.Whole(campaign.History).Rounds[1];
        Assert.Equal(rounds, orders.Select(order => order.Id.Round).Distinct());
        Assert.All(
            orders,
            order =>
                Assert.Equal(
                    (first.Samples[0].Samples, first.Judgements[0].Verdicts, campaign.State.Rounds[order.Id.Round].Policy),
                    (order.Samples, order.First, order.Policy)));
        Assert.Equal(rounds, campaign.State.Rounds.Where(round => round.Anchor is not null).Select(round => round.Number));
        Assert.Equal((CampaignStatus.Completed, 4), (campaign.State.Status, campaign.State.Rounds.Count));
    }

    [Theory]
    [InlineData(300, 0)]
    // 70 % of 30 may be 80 % by chance.
    [InlineData(21, 0)]
    [InlineData(210, 1)]
    public void Of_a_judge_that_prefers_others_than_at_first_says_so(int agree, int findings)
    {
        var of = agree == 21 ? 30 : 300;
        var plan = CampaignSimulator.Plan with { Watch = new WatchOptions(AnchorRounds: 1) };
        var campaign = new CampaignSimulator(plan)
        {
            Change = result =>
                result is JudgeResult { Id: { Stage: Stage.Anchor, Round: 2 } } anchor
                    ? anchor with
                    {
                        WithFirst = new(Agree: agree, Contradict: of - agree),
                    }
                    : result,
        }.Run();

        var found = Watch.Of(CampaignHistory.Fold(campaign.State), campaign.State.Rounds[2]);

        Assert.Equal(findings, found.Count);
        Assert.All(
            found,
            finding =>
                Assert.Equal(
                    "the judge prefers what it preferred at first on 70 % of 300 pairs of the first round; watch.anchor-agreement is 80 %",
                    finding));
    }

    [Fact]
    public void Decide_checkpoint_further_from_the_base_than_the_budget_is_the_last()
    {
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { StopKl = 2.5 }) { Change = Diverge }.Run();

        Assert.Equal((CampaignStatus.Completed, 3), (campaign.State.Status, campaign.State.Rounds.Count));
        // Of both units.
        Assert.Equal(new Divergence(6, 60, 18), campaign.State.Rounds[2].Divergence);
        Assert.Equal("the policy of round 2 is 3.00 nats an answer from the base, and stop.kl is 2.5", Watch.ReasonToStop(campaign.State));
        Assert.Equal(Watch.ReasonToStop(campaign.State), campaign.History.OfType<CampaignCompleted>().Single().Reason);
        Assert.Equal(Watch.ReasonToStop(campaign.State), Watch.ReasonToStop(CampaignHistory.Fold(campaign.State)));

        campaign.Command(new StartCampaign(CampaignSimulator.Plan with { StopKl = 9 }));
        campaign.Run();

        Assert.Equal((CampaignStatus.Completed, 4), (campaign.State.Status, campaign.State.Rounds.Count));
        Assert.Null(Watch.ReasonToStop(campaign.State));
        Assert.Null(campaign.History.OfType<CampaignCompleted>().Last().Reason);
    }

    [Fact]
    public void ReasonToStop_of_a_round_that_was_rolled_back_is_none()
    {
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { StopKl = 2.5 })
        {
            Change = Diverge,
            Right = round => round == 2 ? 0 : 5,
        }.Run();

        Assert.Equal(
            [RoundOutcome.Kept, RoundOutcome.Kept, RoundOutcome.RolledBack, RoundOutcome.Kept],
            campaign.State.Rounds.Select(round => round.Outcome));
    }

    [Fact]
    public void Decide_finding_that_pauses_waits_for_its_operator_once()
    {
        var plan = CampaignSimulator.Plan with { Watch = new WatchOptions(Action: WatchAction.Pause) };
        var campaign = new CampaignSimulator(plan) { Change = result => Spoil(result, "repeats") }.Run();

        Assert.Equal((CampaignStatus.Paused, RoundOutcome.Kept), (campaign.State.Status, campaign.State.Rounds[2].Outcome));
        Assert.Contains("round 2: 60 % of the runs", campaign.State.PauseReason, StringComparison.Ordinal);

        campaign.Command(new ContinueCampaign());
        campaign.Run();

        Assert.Equal((CampaignStatus.Completed, 4), (campaign.State.Status, campaign.State.Rounds.Count));
    }

    /// <summary>The second round's results with a fault; every round's scores rise where the judge is gamed.</summary>
    private static WorkResult Spoil(WorkResult result, string fault) => (result, fault) switch
    {
        (JudgeResult r, "gamed") => r with { MeanScore = r.Id.Round / 10.0 },
        ({ Id.Round: not 2 }, _) => result,
        (SampleResult r, "entropy") => r with { MeanEntropy = 0.01 },
        (SampleResult r, "long") => r with { Tokens = 5 * r.Tokens, SampleCount = r.SampleCount },
        (SampleResult r, "short") => r with { Tokens = r.Tokens / 5 },
        (SampleResult r, "repeats") => r with { Repeats = 0.6 },
        (SampleResult { Id.Stage: Stage.Sample } r, "identical") => r with { Identical = 0.95 },
        _ => result,
    };

    /// <summary>Round n is n · 1.5 nats an answer from the base.</summary>
    private static WorkResult Diverge(WorkResult result) =>
        result is SampleResult { Id: { Stage: Stage.Evaluate, Round: > 0 and var round } } sampled
        ? sampled with { Divergence = new(3, 30, 3 * 1.5 * round) }
        : result;
}
