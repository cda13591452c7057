using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns.Tests;

public sealed class RoundTests
{
    private static readonly CampaignPlan Averaging = CampaignSimulator.Plan with
    {
        Reference = ReferenceOrigin.Ema,
        ReferenceEmaDecay = 0.9,
    };

    [Fact]
    public void Due_sampling_covers_every_prompt_once()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(1, Stage.Sample, 0));

        var units = Round.Due(campaign.State).Cast<SampleOrder>();

        Assert.Equal([(0, 2), (2, 2), (4, 1)], units.Select(unit => (unit.FirstPrompt, unit.Prompts)));
    }

    [Fact]
    public void Due_a_curriculum_draws_and_pairs_by_the_statistics_of_the_rounds_before()
    {
        var plan = CampaignSimulator.Plan with { PromptOrder = PromptOrder.Curriculum };
        foreach (var (round, before) in new (int, Digest?)[]
            {
                (1, null),
                (2, CampaignSimulator.StatisticsOf(1)),
                (3, CampaignSimulator.StatisticsOf(2)),
            })
        {
            // Round 1 is rolled back; what it found out about the prompts stays.
            var sampling = new CampaignSimulator(plan) { Right = at => at == 1 ? 1 : 5 }.Run(until: new WorkId(round, Stage.Sample, 0));
            var pairing = new CampaignSimulator(plan) { Right = at => at == 1 ? 1 : 5 }.Run(until: new WorkId(round, Stage.Pair, 0));

            Assert.All(Round.Due(sampling.State).Cast<SampleOrder>(), order => Assert.Equal(before, order.PromptStatistics));
            Assert.Equal(new StatisticsOrder(before), Assert.IsType<PairOrder>(Assert.Single(Round.Due(pairing.State))).Statistics);
        }
    }

    [Fact]
    public void Due_other_orders_keeps_no_statistics()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(2, Stage.Pair, 0));

        Assert.Null(Assert.IsType<PairOrder>(Assert.Single(Round.Due(campaign.State))).Statistics);
    }

    [Fact]
    public void Due_judging_for_consistency_has_the_policy_that_the_rounds_policy_was_trained_from()
    {
        // Round 2 is rolled back: the policy of round 3 is still that of round 1, which was trained from the base.
        Assert.Null(BeforeOf(1));
        Assert.Equal(new PolicyBefore(null), BeforeOf(2));
        Assert.Equal(new PolicyBefore(null), BeforeOf(3, rolledBack: 2));
        Assert.Equal(new PolicyBefore(CampaignSimulator.AdapterOf(1)), BeforeOf(3));
        Assert.Null(OrderOf(CampaignSimulator.Plan, 3, 0).Before);

        static PolicyBefore? BeforeOf(int round, int rolledBack = 0) =>
            OrderOf(CampaignSimulator.Plan with { Consistency = true }, round, rolledBack).Before;

        static JudgeOrder OrderOf(CampaignPlan plan, int round, int rolledBack) => Assert.IsType<JudgeOrder>(
            Round
                .Due(
                    new CampaignSimulator(plan) { Right = at => at == rolledBack ? 1 : 5 }
                        .Run(until: new WorkId(round, Stage.Judge, 0))
                        .State)
                .First());
    }

    [Fact]
    public void Due_a_sampled_unit_is_its_judging_beside_the_sampling_of_the_rest()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(1, Stage.Judge, 0));

        Assert.Equal(
            [(Stage.Judge, 0), (Stage.Sample, 1), (Stage.Sample, 2)],
            Round.Due(campaign.State).Select(work => (work.Id.Stage, work.Id.Index)));
    }

    [Theory]
    [InlineData(PolicyOrigin.Base, ReferenceOrigin.Base)]
    [InlineData(PolicyOrigin.Base, ReferenceOrigin.Previous)]
    [InlineData(PolicyOrigin.Previous, ReferenceOrigin.Base)]
    [InlineData(PolicyOrigin.Previous, ReferenceOrigin.Previous)]
    [InlineData(PolicyOrigin.Previous, ReferenceOrigin.None)]
    public void Due_training_starts_and_refers_as_configured(PolicyOrigin initialization, ReferenceOrigin reference)
    {
        var order = TrainingOf(2, CampaignSimulator.Plan with { Initialisation = initialization, Reference = reference });

        Assert.Equal(initialization == PolicyOrigin.Base ? null : CampaignSimulator.AdapterOf(1), order.Initial);
        Assert.Equal(reference == ReferenceOrigin.Previous ? CampaignSimulator.AdapterOf(1) : null, order.Reference);
        Assert.Equal(CampaignSimulator.AdapterOf(1), order.Parent);
    }

    [Fact]
    public void Due_training_against_the_average_begins_with_the_base_and_follows_what_was_kept()
    {
        Assert.Null(TrainingOf(1, Averaging).Reference);
        Assert.Equal(CampaignSimulator.AverageOf(1), TrainingOf(2, Averaging).Reference);
        Assert.Equal(CampaignSimulator.AverageOf(2), TrainingOf(3, Averaging).Reference);
    }

    [Fact]
    public void Due_a_round_rolled_back_leaves_no_trace_in_the_average()
    {
        var campaign = new CampaignSimulator(Averaging) { Right = round => round == 2 ? 1 : 5 };

        var training = campaign.Run(until: new WorkId(3, Stage.Train, 0)).State;
        var publishing = campaign.Run(until: new WorkId(3, Stage.Publish, 0)).State;

        Assert.Equal(RoundOutcome.RolledBack, training.Rounds[2].Outcome);
        Assert.Equal(CampaignSimulator.AverageOf(1), Assert.IsType<TrainOrder>(Round.Due(training).Single()).Reference);
        Assert.Equal(
            new AverageOrder(CampaignSimulator.AverageOf(1), 0.9),
            Assert.IsType<PublishOrder>(Round.Due(publishing).Single()).Average);
    }

    [Theory]
    [InlineData(ReferenceOrigin.Base)]
    [InlineData(ReferenceOrigin.Previous)]
    public void Due_publishing_makes_no_average_that_is_not_the_reference(ReferenceOrigin reference)
    {
        var campaign = new CampaignSimulator(CampaignSimulator.Plan with { Reference = reference }).Run(
            until: new WorkId(1, Stage.Publish, 0));

        Assert.Null(Assert.IsType<PublishOrder>(Round.Due(campaign.State).Single()).Average);
    }

    [Fact]
    public void Due_pairing_takes_what_people_judge_late_of_the_round_before_alone()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(2, Stage.Pair, 0));
        var state = campaign.State;
        var first = state.Rounds[1];
        var awaiting = CampaignSimulator.Named("awaiting");
        state = state with { Rounds = state.Rounds.SetItem(1, first with { Pairs = first.Pairs! with { Awaiting = awaiting } }) };

        var order = Assert.IsType<PairOrder>(Assert.Single(Round.Due(state)));

        Assert.Equal(new LateOrder(1, awaiting, first.Policy), order.Late);
        Assert.Contains(awaiting, order.Needs);
        Assert.Equal(awaiting, first.Pairs! with { Awaiting = awaiting } is { } pairs ? pairs.Leaves.Last() : default);
        Assert.Equal(awaiting, CampaignHistory.Fold(state).Rounds[1].Pairs!.Awaiting);
    }

    [Theory]
    [InlineData(PairData.New, 1)]
    [InlineData(PairData.Accumulated, 2)]
    [InlineData(PairData.Replay, 1)]
    public void Due_training_takes_the_pairs_configured(PairData data, int sets)
    {
        var order = TrainingOf(2, CampaignSimulator.Plan with { Data = data });

        Assert.Equal(sets, order.Pairs.Length);
    }

    [Fact]
    public void Due_training_replays_the_rounds_before()
    {
        var plan = CampaignSimulator.Plan with { Data = PairData.Replay, ReplayShare = 0.25 };

        var (first, third) = (TrainingOf(1, plan), TrainingOf(3, plan));

        Assert.Empty(first.Replay!.Pairs);
        Assert.Equal<Digest>([CampaignSimulator.Named("1/Pair/0"), CampaignSimulator.Named("2/Pair/0")], third.Replay!.Pairs);
        Assert.Equal(0.25, third.Replay.Share);
        Assert.Null(TrainingOf(3, CampaignSimulator.Plan).Replay);
    }

    [Fact]
    public void Due_round_0_is_the_evaluation_of_the_base()
    {
        var campaign = new CampaignSimulator();

        Assert.All(Round.Due(campaign.State), work => Assert.Null(Assert.IsType<SampleOrder>(work).Adapter));
    }

    [Fact]
    public void Due_evaluation_uses_the_adapter_just_trained()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(2, Stage.Evaluate, 0));

        Assert.All(Round.Due(campaign.State).Cast<SampleOrder>(), work => Assert.Equal(CampaignSimulator.AdapterOf(2), work.Adapter));
    }

    private static TrainOrder TrainingOf(int round, CampaignPlan plan) =>
        Assert.IsType<TrainOrder>(
            Assert.Single(Round.Due(new CampaignSimulator(plan).Run(until: new WorkId(round, Stage.Train, 0)).State)));
}
