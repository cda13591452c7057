using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns.Tests;

public sealed class CampaignDecisionsTests
{
    private static readonly WorkId FirstJudging = new(1, Stage.Judge, 0);

    [Fact]
    public void Decide_whole_campaign_ends_completed_with_every_round_kept()
    {
        var campaign = new CampaignSimulator().Run();

        Assert.Equal(CampaignStatus.Completed, campaign.State.Status);
        Assert.Equal([0, 1, 2, 3], campaign.State.Rounds.Select(round => round.Number));
        Assert.All(campaign.State.Rounds, round => Assert.Equal(RoundOutcome.Kept, round.Outcome));
    }

    [Fact]
    public void Decide_whole_campaign_does_every_unit_once()
    {
        var campaign = new CampaignSimulator().Run();

        Assert.Distinct(campaign.Done);
        // 2 held-out units sampled and graded in each of 4 rounds; 3 units sampled and judged, pairs, training, publishing in 3.
        Assert.Equal((4 * 4) + (3 * 9), campaign.Done.Count);
    }

    [Theory]
    [InlineData(0, new[] { 5, 5, 5, 5, 3 })]
    [InlineData(10, new[] { 10, 10, 3 })]
    public void EvaluationUnits_have_a_size_of_their_own(int evaluationUnitPrompts, int[] expected)
    {
        var plan = CampaignSimulator.Plan with { HeldOutPrompts = 23, UnitPrompts = 5, EvaluationUnitPrompts = evaluationUnitPrompts };

        var units = plan.EvaluationUnits(1).ToArray();

        Assert.Equal(expected, units.Select(unit => unit.Prompts));
        Assert.Equal(23, units[^1].First + units[^1].Prompts);
    }

    [Fact]
    public void Decide_start_of_a_campaign_whose_evaluation_was_divided_otherwise_keeps_its_division()
    {
        var before = new CampaignSimulator().Run(until: new WorkId(1, Stage.Grade, 1));

        var after = new CampaignSimulator(CampaignSimulator.Plan with { EvaluationUnitPrompts = 8, Rounds = 4 }, before.History);

        Assert.Equal((0, 4), (after.State.Plan!.EvaluationUnitPrompts, after.State.Plan.Rounds));
        Assert.Equal(Round.Due(before.State).Select(work => work.Id), Round.Due(after.State).Select(work => work.Id));
    }

    [Fact]
    public void Decide_rounds_that_an_operator_raised_stay_so_after_a_start_with_fewer()
    {
        var before = new CampaignSimulator().Run(until: new WorkId(3, Stage.Train, 0));
        Assert.Equal("ops", Assert.IsType<PlanRevised>(Assert.Single(before.Command(new RaiseLimits(5, null, null, "ops")).Events)).By);

        var after = new CampaignSimulator(CampaignSimulator.Plan, before.History).Run();

        Assert.Equal((5, CampaignStatus.Completed, 6), (after.State.Plan!.Rounds, after.State.Status, after.State.Rounds.Count));
        Assert.Equal(
            "The campaign is completed: run it again with more rounds, or fork it.",
            after.Command(new RaiseLimits(6, null, null)).Rejection);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(10_001)]
    public void Decide_rounds_that_are_no_more_are_refused(int rounds) => Assert.Equal(
        "It has 3 rounds; say a number above that, and 10000 at most.",
        new CampaignSimulator().Run(until: FirstJudging).Command(new RaiseLimits(rounds, null, null)).Rejection);

    [Fact]
    public void Decide_a_budget_is_raised_while_paused_and_the_pause_stays()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);
        campaign.Command(new PauseCampaign("a look", "ops"));

        campaign.Command(new RaiseLimits(null, "gpt", new JudgeBudget(100, 0), "ben"));
        Assert.Empty(campaign.Command(new RaiseLimits(null, "gpt", new JudgeBudget(90, 0), "ben")).Events);

        Assert.Equal(
            (CampaignStatus.Paused, "a look", "ops"),
            (campaign.State.Status, campaign.State.PauseReason, campaign.State.PausedBy));
        Assert.Equal(new JudgeBudget(100, 0), campaign.State.Plan!.Budgets!["gpt"]);
        campaign.Command(new ContinueCampaign("ops"));
        Assert.Equal((CampaignStatus.Running, null), (campaign.State.Status, campaign.State.PausedBy));
    }

    [Fact]
    public void Decide_repeated_result_gives_no_event()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);
        var judging = Round.Due(campaign.State).Single(work => work.Id == FirstJudging);

        Assert.NotEmpty(campaign.Command(new CompleteWork(campaign.ResultOf(judging))).Events);
        Assert.Empty(campaign.Command(new CompleteWork(campaign.ResultOf(judging))).Events);
    }

    [Fact]
    public void Decide_result_of_an_earlier_round_gives_no_event()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(2, Stage.Train, 0));

        var late = new PublishResult(new WorkId(1, Stage.Publish, 0), CampaignSimulator.AdapterOf(1), 1);

        Assert.Empty(campaign.Command(new CompleteWork(late)).Events);
    }

    [Fact]
    public void Decide_result_that_arrives_while_paused_is_kept()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);
        var sampling = Round.Due(campaign.State).First(work => work.Id.Stage == Stage.Sample);
        campaign.Command(new FailWork(FirstJudging, "disk full", FailureKind.Permanent));

        campaign.Command(new CompleteWork(campaign.ResultOf(sampling)));

        Assert.Equal(CampaignStatus.Paused, campaign.State.Status);
        Assert.True(campaign.State.Rounds[1].Samples.ContainsKey(sampling.Id.Index));
    }

    [Fact]
    public void Decide_transient_failures_are_retried_under_the_same_id_then_pause()
    {
        var training = new WorkId(1, Stage.Train, 0);
        var campaign = new CampaignSimulator().Run(until: training);

        for (var attempt = 1; attempt < CampaignSimulator.Plan.MaxAttempts; attempt++)
        {
            campaign.Command(new FailWork(training, "worker lost", FailureKind.Transient));
            Assert.Equal(training, Assert.Single(Round.Due(campaign.State)).Id);
        }
        campaign.Command(new FailWork(training, "worker lost", FailureKind.Transient));

        Assert.Equal(CampaignStatus.Paused, campaign.State.Status);
        Assert.Equal("Train of round 1 failed: worker lost", campaign.State.PauseReason);
    }

    /// <summary>A judge that found its budget spent, and tells so when the operator has raised it.</summary>
    [Fact]
    public void Decide_failure_by_settings_that_were_revised_since_gives_no_event()
    {
        var training = new WorkId(1, Stage.Train, 0);
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { Bundle = Digest.Of("before"u8) }).Run(until: training);
        campaign.Command(new StartCampaign(campaign.State.Plan! with { Bundle = Digest.Of("now"u8) }));

        Assert.Empty(
            campaign.Command(new FailWork(training, "the budget is spent", FailureKind.Permanent, Bundle: Digest.Of("before"u8))).Events);

        campaign.Command(new FailWork(training, "the budget is spent", FailureKind.Permanent, Bundle: Digest.Of("now"u8)));
        Assert.Equal(CampaignStatus.Paused, campaign.State.Status);
    }

    [Fact]
    public void Decide_permanent_failure_pauses_at_once()
    {
        var training = new WorkId(1, Stage.Train, 0);
        var campaign = new CampaignSimulator().Run(until: training);

        campaign.Command(new FailWork(training, "the loss is not finite", FailureKind.Permanent));

        Assert.Equal(CampaignStatus.Paused, campaign.State.Status);
        Assert.Empty(Round.Due(campaign.State));
    }

    [Fact]
    public void Decide_judging_that_keeps_failing_is_dropped_and_counted()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);

        for (var attempt = 0; attempt < CampaignSimulator.Plan.MaxAttempts; attempt++)
        {
            campaign.Command(new FailWork(FirstJudging, "no answer", FailureKind.Transient));
        }
        campaign.Run();

        Assert.Equal(CampaignStatus.Completed, campaign.State.Status);
        Assert.Equal([0], CampaignHistory.Whole(campaign.History).Rounds[1].DroppedUnits);
        Assert.Equal(2 + 1, campaign.State.Rounds[1].DroppedPrompts);
    }

    [Fact]
    public void Decide_judge_that_fails_on_every_unit_pauses_the_campaign()
    {
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { MaxAttempts = 1 }).Run(until: FirstJudging);

        for (var unit = 0; unit < CampaignSimulator.Plan.SampleUnits; unit++)
        {
            campaign.Run(until: new WorkId(1, Stage.Judge, unit));
            campaign.Command(new FailWork(new WorkId(1, Stage.Judge, unit), "no answer", FailureKind.Transient));
        }

        Assert.Equal(CampaignStatus.Paused, campaign.State.Status);
        Assert.Contains("no answer", campaign.State.PauseReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_judging_done_in_part_is_due_again_with_that_part_and_says_when_it_is_the_last_try()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);
        var partial = Partial(campaign);

        campaign.Command(new FailWork(FirstJudging, "no answer", FailureKind.Transient, partial));
        campaign.Command(new FailWork(FirstJudging, "no answer", FailureKind.Transient));

        var order = Round.Due(campaign.State).OfType<JudgeOrder>().Single(work => work.Id == FirstJudging);
        Assert.Equal((partial.Verdicts, true), (order.Known, order.IsLast));
    }

    [Fact]
    public void Decide_last_try_of_judging_that_dies_keeps_the_part_that_was_done()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);
        var partial = Partial(campaign);

        campaign.Command(new FailWork(FirstJudging, "no answer", FailureKind.Transient, partial));
        campaign.Command(new FailWork(FirstJudging, "worker lost", FailureKind.Transient));
        campaign.Command(new FailWork(FirstJudging, "worker lost", FailureKind.Transient));

        Assert.Equal(partial, campaign.State.Rounds[1].Judgements[0]);
        Assert.Empty(campaign.State.Rounds[1].DroppedUnits);
        Assert.Equal(1, campaign.State.Rounds[1].DroppedPrompts);
    }

    [Fact]
    public void Decide_start_after_a_pause_goes_on_and_forgets_the_attempts()
    {
        var training = new WorkId(1, Stage.Train, 0);
        var campaign = new CampaignSimulator().Run(until: training);
        campaign.Command(new FailWork(training, "disk full", FailureKind.Permanent));

        campaign.Command(new StartCampaign(CampaignSimulator.Plan));
        campaign.Run();

        Assert.Equal(CampaignStatus.Completed, campaign.State.Status);
        Assert.Null(campaign.State.PauseReason);
    }

    [Fact]
    public void Decide_start_with_other_settings_is_rejected()
    {
        var campaign = new CampaignSimulator().Run(until: FirstJudging);

        var decision = campaign.Command(
            new StartCampaign(CampaignSimulator.Plan with { SettingsDigest = CampaignSimulator.Named("other") }));

        Assert.Empty(decision.Events);
        Assert.NotNull(decision.Rejection);
    }

    [Fact]
    public void Decide_start_with_more_rounds_continues_a_completed_campaign()
    {
        var campaign = new CampaignSimulator().Run();

        campaign.Command(new StartCampaign(CampaignSimulator.Plan with { Rounds = 4 }));
        campaign.Run();

        Assert.Equal(CampaignStatus.Completed, campaign.State.Status);
        Assert.Equal(4, campaign.State.Rounds[^1].Number);
    }

    [Fact]
    public void Decide_round_that_lost_too_much_is_rolled_back()
    {
        var campaign = new CampaignSimulator { Right = round => round == 2 ? 3 : 4 + round }.Run();

        Assert.Equal(
            [RoundOutcome.Kept, RoundOutcome.Kept, RoundOutcome.RolledBack, RoundOutcome.Kept],
            campaign.State.Rounds.Select(r => r.Outcome));
        Assert.Equal(CampaignSimulator.AdapterOf(1), campaign.State.Rounds[3].Policy);
    }

    [Fact]
    public void Decide_round_that_lost_no_more_than_allowed_is_kept()
    {
        var plan = CampaignSimulator.Plan with { RollbackPoints = 10 };

        var campaign = new CampaignSimulator(plan) { Right = round => round == 2 ? 4 : 5 }.Run();

        Assert.Equal(RoundOutcome.Kept, campaign.State.Rounds[2].Outcome);
    }

    [Fact]
    public void Decide_round_without_pairs_is_skipped_and_the_next_one_starts()
    {
        var campaign = new CampaignSimulator { Pairs = round => round == 2 ? 0 : 4 }.Run();

        Assert.Equal(RoundOutcome.Skipped, campaign.State.Rounds[2].Outcome);
        Assert.Equal(CampaignSimulator.AdapterOf(1), campaign.State.Rounds[3].Policy);
        Assert.Equal(CampaignStatus.Completed, campaign.State.Status);
    }

    /// <summary>The first unit's judging with a prompt that the judge failed on.</summary>
    private static JudgeResult Partial(CampaignSimulator campaign) =>
        (JudgeResult)campaign.ResultOf(Round.Due(campaign.State).Single(work => work.Id == FirstJudging)) with
        {
            Verdicts = Digest.Of([7]),
            Dropped = 1,
        };
}
