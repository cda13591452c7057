using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests;

/// <summary>Rounds that have ended, with what their units came to in place of the units.</summary>
public sealed class RoundTotalsTests
{
    [Fact]
    public void Apply_keeps_the_units_of_a_round_that_ended_until_the_next_event()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(2, Stage.Sample, 0));
        var ended = campaign.State.Rounds[1];

        var next = CampaignHistory.Apply(campaign.State, new CampaignCancelled(campaign.Now)).Rounds[1];

        Assert.Equal((RoundOutcome.Kept, 3, 2), (ended.Outcome, ended.Samples.Count, ended.Grades.Count));
        Assert.Equal([ended.Pairs, ended.Training! with { Metrics = ended.Training!.Metrics.Clear() }, ended.Publication], next.Results);
    }

    /// <summary>Its judges are measured on them, and what they are warned about is told.</summary>
    [Theory]
    [InlineData(GateFailure.Pause, WatchAction.Warn)]
    [InlineData(GateFailure.Rollback, WatchAction.Pause)]
    public void Apply_keeps_the_units_of_a_round_whose_end_pauses_the_campaign(GateFailure onFail, WatchAction action)
    {
        var plan = CampaignSimulator.Plan with
        {
            Gate = new GatePlan(GateTest.Points, 0.05, 1, EvaluationOptions.HeldOut, onFail),
            Watch = new WatchOptions(Identical: 0.5, Action: action),
        };
        var campaign = new CampaignSimulator(plan)
        {
            Right = round => round == 2 ? 0 : 5,
            Change = result =>
                result is SampleResult { Id: { Round: 2, Stage: Stage.Sample } } sampled ? sampled with { Identical = 0.9 } : result,
        };

        campaign.Run();

        Assert.Equal((CampaignStatus.Paused, RoundOutcome.RolledBack), (campaign.State.Status, campaign.State.Rounds[2].Outcome));
        Assert.Equal((3, 3), (campaign.State.Rounds[2].Samples.Count, campaign.State.Rounds[2].Judgements.Count));
        campaign.Command(new ContinueCampaign());
        Assert.Empty(campaign.State.Rounds[2].Judgements);
    }

    [Fact]
    public void Apply_gives_rounds_that_ended_the_figures_that_they_had()
    {
        var campaign = new CampaignSimulator { Pairs = round => round == 2 ? 0 : 4 }.Run(until: new WorkId(1, Stage.Judge, 0));
        for (var attempt = 0; attempt < CampaignSimulator.Plan.MaxAttempts; attempt++)
        {
            campaign.Command(new FailWork(new WorkId(1, Stage.Judge, 0), "no answer", FailureKind.Transient));
        }
        campaign.Run();

        var whole = CampaignHistory.Whole(campaign.History);

        Assert.Equal(
            [3, 4 - 1],
            [campaign.State.Rounds.Count(round => round.Totals is not null), whole.Rounds.Count(round => round.DroppedUnits.IsEmpty)]);
        Assert.All(whole.Rounds, round => Assert.Null(round.Totals));
        Assert.Equal(whole.Rounds.Select(Figures), campaign.State.Rounds.Select(Figures));
    }

    [Fact]
    public void Whole_has_every_result_that_counted()
    {
        var campaign = new CampaignSimulator().Run();

        var results = CampaignHistory.Whole(campaign.History).Rounds.SelectMany(round => round.Results);

        Assert.Equal(campaign.Done.ToHashSet(), results.Select(result => result.Id).ToHashSet());
    }

    private static string Figures(RoundState round) => string.Join(' ', new object?[]
    {
        round.Number,
        round.Policy,
        round.Outcome,
        round.Prompts,
        round.SampleCount,
        round.GeneratedTokens,
        round.DroppedPrompts,
        round.HeldOut,
        round.MeanTokens,
        round.MeanEntropy,
        round.TotalSeconds, round.Pairs?.Pairs, round.Training?.Adapter, string.Join(' ', Enum.GetValues<Stage>().Select(round.Seconds)),
    });
}
