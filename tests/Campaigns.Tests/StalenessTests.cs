namespace IterativeDpo.Campaigns.Tests;

public sealed class StalenessTests
{
    private static CampaignPlan Plan(int staleness) =>
        CampaignSimulator.Plan with
        {
            Rounds = 4,
            Staleness = staleness,
            Reference = ReferenceOrigin.Previous,
        };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Round_samplesWithTheAdapterPublishedSoManyRoundsEarlier(int staleness)
    {
        var state = new CampaignSimulator(Plan(staleness)) { Right = round => 4 + round }.Run().State;

        Assert.Equal(CampaignStatus.Completed, state.Status);
        foreach (var round in state.Rounds.Skip(1))
        {
            var before = round.Number - 1 - staleness;
            Assert.Equal(before > 0 ? CampaignSimulator.AdapterOf(before) : null, round.Policy);
        }
    }

    [Fact]
    public void Training_goesOnFromTheNewestAdapter()
    {
        var campaign = new CampaignSimulator(Plan(1)).Run(until: new WorkId(3, Stage.Train, 0));

        var order = Round.Due(campaign.State).OfType<TrainOrder>().Single();

        Assert.Equal(CampaignSimulator.AdapterOf(2), order.Initial);
        Assert.Equal(CampaignSimulator.AdapterOf(2), order.Reference);
        Assert.Equal(CampaignSimulator.AdapterOf(1), order.Parent);
    }

    [Fact]
    public void Due_whileARoundIsTrained_samplesTheNext()
    {
        var campaign = new CampaignSimulator(Plan(1)).Run(until: new WorkId(1, Stage.Train, 0));

        var due = Round.Due(campaign.State).Select(order => (order.Id.Round, order.Id.Stage)).Distinct();

        Assert.Equal([(1, Stage.Train), (2, Stage.Sample)], due);
    }

    [Fact]
    public void Due_ofARoundSampledAhead_isNotTrainedBeforeTheOneBeforeHasEnded()
    {
        var state = new CampaignSimulator(Plan(2)).Run(until: new WorkId(1, Stage.Train, 0)).State;
        var campaign = new CampaignSimulator(Plan(2));
        // All that is due but the training of round 1.
        while (Round.Due(campaign.State).FirstOrDefault(order => order.Id != new WorkId(1, Stage.Train, 0)) is { } work)
        {
            campaign.Command(new CompleteWork(campaign.ResultOf(work)));
        }

        Assert.Equal([1, 2, 3], campaign.State.Open.Select(round => round.Number));
        Assert.All(campaign.State.Open, round => Assert.NotNull(round.Pairs));
        Assert.Equal([new WorkId(1, Stage.Train, 0)], Round.Due(campaign.State).Select(order => order.Id));
        Assert.Equal(1, state.Current!.Number);
    }

    [Fact]
    public void RolledBackRound_leavesItsSamplesToTheNextButNotItsAdapter()
    {
        // Round 2 is bad; round 3 was sampled meanwhile, and round 4 samples with what was kept.
        var state = new CampaignSimulator(Plan(1)) { Right = round => round == 2 ? 0 : 5 }.Run().State;

        Assert.Equal(RoundOutcome.RolledBack, state.Rounds[2].Outcome);
        Assert.Equal(CampaignSimulator.AdapterOf(1), state.Rounds[4].Policy);
        Assert.Equal(RoundOutcome.Kept, state.Rounds[3].Outcome);
    }

    [Fact]
    public void TotalSeconds_ofRoundsThatOverlap_addUpToTheTimeThatPassed()
    {
        var campaign = new CampaignSimulator(Plan(1)).Run();

        Assert.Equal(
            (campaign.State.LastEventAt - campaign.State.StartedAt).TotalSeconds,
            campaign.State.Rounds.Sum(round => round.TotalSeconds),
            6);
    }

    [Fact]
    public void Accumulated_pairsAreThoseOfTheRoundAndBefore()
    {
        var campaign = new CampaignSimulator(Plan(2) with { Data = PairData.Accumulated });
        while (Round.Due(campaign.State).FirstOrDefault(order => order.Id != new WorkId(2, Stage.Train, 0)) is { } work)
        {
            campaign.Command(new CompleteWork(campaign.ResultOf(work)));
        }

        Assert.NotNull(campaign.State.Rounds[3].Pairs);
        Assert.Equal(2, Round.Due(campaign.State).OfType<TrainOrder>().Single().Pairs.Length);
    }

    [Fact]
    public void LostSamples_areDrawnAgain()
    {
        var campaign = new CampaignSimulator(Plan(0)).Run(until: new WorkId(1, Stage.Pair, 0));
        var lost = campaign.State.Rounds[1].Samples[1].Samples;

        campaign.Command(new FailWork(new WorkId(1, Stage.Pair, 0), "gone", FailureKind.Permanent, Lost: lost));

        Assert.Equal([new WorkId(1, Stage.Sample, 1)], Round.Due(campaign.State).Select(order => order.Id));
        Assert.Equal(CampaignStatus.Completed, campaign.Run().State.Status);
    }

    [Fact]
    public void LostAdapterOfARoundThatEnded_pausesTheCampaign()
    {
        var campaign = new CampaignSimulator(Plan(0)).Run(until: new WorkId(2, Stage.Sample, 0));

        campaign.Command(new FailWork(new WorkId(2, Stage.Sample, 0), "gone", FailureKind.Permanent, Lost: CampaignSimulator.AdapterOf(1)));

        Assert.Equal(CampaignStatus.Paused, campaign.State.Status);
    }
}
