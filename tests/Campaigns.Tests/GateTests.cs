using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;

namespace IterativeDpo.Campaigns.Tests;

public sealed class GateTests
{
    private const int Campaigns = 10_000, Rounds = 5, Prompts = 60;

    private static readonly GatePlan s_eprocess = new(GateTest.EProcess, 0.05, 10, GateOptions.OwnSet, GateFailure.Rollback);

    [Fact]
    public void EValue_known_outcomes_multiplies_the_bets()
    {
        // 2 · 1/2, then 2 · 3/4, then 2 · (1 − 5/6).
        Assert.Equal(0.5, Gate.EValue([true, true, false], double.PositiveInfinity), 12);
        // Never on the checkpoint: after a loss 1/2 is given again.
        Assert.Equal(1, Gate.EValue([false, true, false, false], double.PositiveInfinity), 12);
        Assert.Equal(1, Gate.EValue([], 20));
    }

    [Fact]
    public void EValue_reached_limit_stops_there() =>
        Assert.Equal(
            Gate.EValue([.. Enumerable.Repeat(true, 6)], 1e9),
            Gate.EValue([.. Enumerable.Repeat(true, 6), .. Enumerable.Repeat(false, 50)], 12),
            12);

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(10, 2, 79 / 4096.0)]
    [InlineData(2, 10, 1 - 13 / 4096.0)]
    [InlineData(5, 0, 1 / 32.0)]
    public void McNemar_known_counts_gives_the_binomial_tail(int won, int lost, double expected) =>
        Assert.Equal(expected, Gate.McNemar(won, lost), 9);

    [Fact]
    public void ELimit_grows_with_tests_and_falls_with_those_that_passed()
    {
        Assert.Equal(40, Gate.ELimit(0.05, 0, 0), 9);
        Assert.Equal(120, Gate.ELimit(0.05, 1, 0), 9);
        Assert.Equal(60, Gate.ELimit(0.05, 1, 1), 9);
        // The budget is spent once: 1/2 + 1/6 + 1/12 + … = 1.
        Assert.Equal(0.05, Enumerable.Range(0, 100_000).Sum(test => 1 / Gate.ELimit(0.05, test, 0)), 5);
    }

    /// <summary>
    /// No round is better: all are compared with the same answers of the checkpoint, and every prompt is looked at as it comes.
    /// </summary>
    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    public void EValue_campaigns_without_progress_keep_a_round_no_more_often_than_the_level(double level)
    {
        var falseAlarms = Enumerable.Range(0, Campaigns).Count(campaign =>
        {
            var random = new SplitMix64((ulong)campaign);
            var (checkpoint, tested) = (Answers(random, 0.5), 0);
            return Enumerable.Range(0, Rounds).Any(_ => Passes(checkpoint, Answers(random, 0.5), Gate.ELimit(level, tested++, 0)));
        });

        Assert.InRange(falseAlarms, 1, level * Campaigns);
    }

    /// <summary>Half of the rounds are better and become the checkpoint where they are kept.</summary>
    [Fact]
    public void EValue_campaigns_with_some_progress_keep_few_rounds_that_are_no_better()
    {
        const double level = 0.1;
        var shares = Enumerable.Range(0, 2_000).Select(campaign =>
        {
            var random = new SplitMix64((ulong)campaign);
            var (checkpoint, skill, kept, wrong) = (Answers(random, 0.3), 0.3, 0, 0);
            for (var round = 0; round < Rounds; round++)
            {
                var next = round % 2 == 0 ? Math.Min(0.95, skill + 0.3) : skill;
                var answers = Answers(random, next);
                if (Passes(checkpoint, answers, Gate.ELimit(level, round, kept)))
                {
                    (kept, wrong) = (kept + 1, next > skill ? wrong : wrong + 1);
                    (checkpoint, skill) = (answers, next);
                }
            }
            return (Kept: kept, False: kept == 0 ? 0 : (double)wrong / kept);
        }).ToArray();

        Assert.InRange(shares.Average(share => share.False), 0, level);
        Assert.InRange(shares.Average(share => share.Kept), 1, 3);
    }

    [Fact]
    public void Judge_better_round_passes_by_prompt_and_a_worse_one_is_rolled_back()
    {
        var campaign = Run(
            s_eprocess,
            round => [.. Enumerable.Range(0, 40).Select(prompt => (byte)(prompt < (round == 2 ? 5 : 10 * (round + 1)) ? 1 : 0))]);

        Assert.Equal(
            [RoundOutcome.Kept, RoundOutcome.RolledBack, RoundOutcome.Kept],
            campaign.State.Rounds.Skip(1).Select(round => round.Outcome));
        var (first, second, third) = (campaign.State.Rounds[1].Gate!, campaign.State.Rounds[2].Gate!, campaign.State.Rounds[3].Gate!);
        Assert.Equal(
            (GateTest.EProcess, GateOptions.OwnSet, true, 40, 10, 0, 40.0),
            (first.Test, first.Set, first.Passed, first.Prompts, first.Won, first.Lost, first.Limit));
        Assert.Equal((false, 0, 15, 60.0), (second.Passed, second.Won, second.Lost, second.Limit));
        // Compared with round 1, which is the checkpoint.
        Assert.Equal((true, 20, 0), (third.Passed, third.Won, third.Lost));
        Assert.Equal(first.Statistic, Gate.EValue(Enumerable.Repeat(true, 10), 40));
        Assert.Contains("10 better, 0 worse", first.InWords(), StringComparison.Ordinal);
    }

    /// <summary>A fork of a campaign that was kept by points has shown nothing yet.</summary>
    [Fact]
    public void Judge_rounds_that_passed_another_gate_count_as_tests_that_showed_nothing()
    {
        var campaign = Run(
            s_eprocess with
            {
                Test = GateTest.Points,
                Set = EvaluationOptions.HeldOut,
            },
            round => [.. Enumerable.Repeat((byte)Math.Min(1, round), 40)]);
        var state = campaign.State with { Plan = campaign.State.Plan! with { Gate = s_eprocess } };

        Assert.True(state.Rounds[1].Gate!.Passed);
        Assert.Equal(Gate.ELimit(0.05, 3, 0), Gate.Judge(state.Plan!, state, state.Rounds[3])!.Limit);
    }

    [Fact]
    public void Judge_prompts_without_a_verdict_are_left_out_and_too_few_keep_nothing()
    {
        byte[] Answers(int round) =>
            [.. Enumerable.Range(0, 40).Select(prompt => prompt % 2 == round % 2 ? SetScore.NoVerdict : (byte)Math.Min(1, round))];

        var gate = Run(s_eprocess, Answers).State.Rounds[1].Gate!;

        Assert.Equal((false, 0), (gate.Passed, gate.Prompts));
    }

    [Theory]
    [InlineData(0.05, true)]
    [InlineData(0.01, false)]
    public void Judge_mcnemar_passes_at_its_level(double level, bool passes)
    {
        var gate = Run(
            s_eprocess with
            {
                Test = GateTest.McNemar,
                Level = level,
            },
            round =>
                [
                    .. Enumerable
                        .Range(0, 40)
                        .Select(prompt =>
                            (byte)(
                                round == 0 ? (prompt < 2 ? 1 : 0)
                                : prompt is >= 2 and < 12 ? 1
                                : 0)),
                ])
            .State.Rounds[1].Gate!;

        Assert.Equal((passes, 10, 2), (gate.Passed, gate.Won, gate.Lost));
        Assert.Equal(79 / 4096.0, gate.Statistic, 9);
    }

    [Fact]
    public void Judge_report_figure_does_not_count_the_gates_prompts()
    {
        var campaign = Run(s_eprocess, round => [.. Enumerable.Repeat((byte)Math.Min(1, round), 40)]);

        // 2 units of 10 answers, of which 4 were right: 40 more, all right, change nothing.
        Assert.Equal(new TaskScore(8, 20), campaign.State.Rounds[3].HeldOut);
        Assert.Equal(new TaskScore(40, 40), campaign.State.Rounds[3].Sets[GateOptions.OwnSet].Right);
    }

    [Fact]
    public void Decide_failed_gate_that_pauses_waits_for_its_operator_and_goes_on_from_the_checkpoint()
    {
        var campaign = Run(s_eprocess with { OnFail = GateFailure.Pause }, _ => new byte[40]);

        Assert.Equal(
            (CampaignStatus.Paused, 2, RoundOutcome.RolledBack),
            (campaign.State.Status, campaign.State.Rounds.Count, campaign.State.Rounds[1].Outcome));
        Assert.Contains("round 1 did not pass the gate", campaign.State.PauseReason, StringComparison.Ordinal);

        campaign.Command(new ContinueCampaign());
        campaign.Run();

        Assert.Equal((CampaignStatus.Paused, 3), (campaign.State.Status, campaign.State.Rounds.Count));
        Assert.Null(campaign.State.Rounds[2].Policy);
    }

    [Fact]
    public void Decide_failed_gate_that_only_warns_keeps_the_round_and_its_evidence()
    {
        var campaign = Run(s_eprocess with { OnFail = GateFailure.Keep }, _ => new byte[40]);

        Assert.Equal(
            (CampaignStatus.Completed, RoundOutcome.Kept, false),
            (campaign.State.Status, campaign.State.Rounds[1].Outcome, campaign.State.Rounds[1].Gate!.Passed));
    }

    [Fact]
    public void Decide_gate_off_still_rolls_back_what_a_set_does_not_allow()
    {
        var plan = CampaignSimulator.Plan with
        {
            Gate = new(GateTest.Off, 0.05, 50, EvaluationOptions.HeldOut, GateFailure.Rollback),
            Sets = [new PlannedSet("old-tasks", 10, 1, 1, MostPointsLost: 15)],
        };

        var campaign = new CampaignSimulator(plan)
        {
            Outcomes = (_, round) => [.. Enumerable.Range(0, 10).Select(prompt => (byte)(prompt < 10 - 2 * round ? 1 : 0))],
        }.Run();

        Assert.All(
            campaign.State.Rounds.Skip(1),
            round => Assert.Equal((RoundOutcome.RolledBack, "old-tasks"), (round.Outcome, round.Gate!.Set)));
    }

    [Fact]
    public void Decide_gate_off_keeps_every_round_without_evidence()
    {
        var campaign = new CampaignSimulator(
            CampaignSimulator.Plan with
            {
                Gate = new(GateTest.Off, 0.05, 50, EvaluationOptions.HeldOut, GateFailure.Rollback),
            })
        {
            Right = round => 4 - round,
        }.Run();

        Assert.All(campaign.State.Rounds, round => Assert.Equal((RoundOutcome.Kept, null), (round.Outcome, round.Gate)));
    }

    [Fact]
    public void Decide_set_that_must_not_get_worse_rolls_back_what_the_test_would_keep()
    {
        var plan = CampaignSimulator.Plan with { Sets = [new PlannedSet("old-tasks", 10, 1, 2, MostPointsLost: 15)] };

        var campaign = new CampaignSimulator(plan)
        {
            Outcomes = (set, round) => [.. Enumerable.Range(0, 10).Select(prompt => (byte)(prompt < 10 - 2 * round ? 1 : 0))],
        }.Run();

        // Measured before the first round, in the second, and in the last.
        Assert.Equal([true, false, true, true], campaign.State.Rounds.Select(round => round.Sets.ContainsKey("old-tasks")));
        Assert.Equal(
            [RoundOutcome.Kept, RoundOutcome.Kept, RoundOutcome.RolledBack, RoundOutcome.RolledBack],
            campaign.State.Rounds.Select(round => round.Outcome));
        var evidence = campaign.State.Rounds[2].Gate!;
        Assert.Equal((GateTest.Points, "old-tasks", false, 15.0), (evidence.Test, evidence.Set, evidence.Passed, evidence.Limit));
        Assert.Equal(40, evidence.Statistic, 9);
    }

    [Fact]
    public void Fold_prompts_of_rounds_that_no_round_is_compared_with_are_let_go()
    {
        var campaign = Run(
            s_eprocess,
            round => [.. Enumerable.Range(0, 40).Select(prompt => (byte)(prompt < (round == 2 ? 5 : 10 * (round + 1)) ? 1 : 0))]);

        var folded = CampaignHistory.Fold(campaign.State);

        Assert.Equal([true, true, true, false], folded.Rounds.Select(round => round.Sets[GateOptions.OwnSet].ByPrompt is null));
        Assert.Equal(folded.Rounds[3].Sets[GateOptions.OwnSet].ByPrompt, campaign.State.Rounds[3].Sets[GateOptions.OwnSet].ByPrompt);
    }

    private static CampaignSimulator Run(GatePlan gate, Func<int, byte[]> answers) =>
        new CampaignSimulator(CampaignSimulator.Plan with { Gate = gate, Sets = [new PlannedSet(GateOptions.OwnSet, 40, 1, 1, null)] })
        {
            Right = _ => 4,
            Outcomes = (_, round) => answers(round),
        }.Run();

    private static bool[] Answers(SplitMix64 random, double skill) =>
        [.. Enumerable.Range(0, Prompts).Select(_ => random.NextDouble() < skill)];

    private static bool Passes(bool[] checkpoint, bool[] round, double limit) =>
        Gate.EValue(checkpoint.Zip(round).Where(prompt => prompt.First != prompt.Second).Select(prompt => prompt.Second), limit) >= limit;
}
