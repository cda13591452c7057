using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Campaigns;

/// <summary>
/// Which work a campaign needs done now, worked out from its state alone: after a restart the same work is due under the same ids,
/// and work whose result is recorded is never due again.
/// </summary>
public static class DueWork
{
    /// <summary>In the order in which it should be done; empty unless the campaign runs.</summary>
    public static IEnumerable<WorkOrder> Of(CampaignState state)
    {
        if (state is not { Status: CampaignStatus.Running, Plan: { } plan, Current: { } round })
        {
            return [];
        }
        if (round.Number == 0 || round.Publication is not null)
        {
            return Evaluation(plan, state, round);
        }
        if (round.Training is { } training)
        {
            return [new PublishOrder(new WorkId(round.Number, Stage.Publish, 0), training.Adapter, Average(plan, state))];
        }
        if (round.Pairs is not null)
        {
            return [Training(plan, state, round)];
        }
        var unit = Sampling(plan, state, round).ToArray();
        return unit.Length > 0 ? unit : [Pairing(plan, state, round)];
    }

    private static IEnumerable<WorkOrder> Sampling(CampaignPlan plan, CampaignState state, RoundState round)
    {
        foreach (var (index, samples) in round.Samples)
        {
            if (!round.Judgements.ContainsKey(index) && !round.DroppedUnits.Contains(index))
            {
                yield return Judging(plan, state, new WorkId(round.Number, Stage.Judge, index), samples.Samples, round.Policy);
            }
        }
        foreach (var index in Missing(plan.Units(Stage.Sample), round.Samples))
        {
            var (first, count) = plan.PromptsOf(Stage.Sample, index);
            yield return new SampleOrder(new WorkId(round.Number, Stage.Sample, index), round.Policy, first, count, state.PromptStatistics);
        }
    }

    private static JudgeOrder Judging(CampaignPlan plan, CampaignState state, WorkId id, Digest samples, Digest? policy) => new(
        id,
        samples,
        policy,
        state.DoneInPart.GetValueOrDefault(id)?.Judgements,
        state.Attempts.GetValueOrDefault(id) + 1 >= plan.MaxAttempts);

    private static PairOrder Pairing(CampaignPlan plan, CampaignState state, RoundState round) => new(
        new WorkId(round.Number, Stage.Pair, 0),
        [.. round.Judgements.Select(unit => new JudgedUnit(round.Samples[unit.Key].Samples, unit.Value.Judgements))],
        round.Policy,
        plan.PromptOrder == PromptOrder.Curriculum ? new StatisticsOrder(state.PromptStatistics) : null);

    private static TrainOrder Training(CampaignPlan plan, CampaignState state, RoundState round)
    {
        var rounds = plan.Data == PairData.Accumulated ? state.Rounds : [round];
        return new TrainOrder(
            new WorkId(round.Number, Stage.Train, 0),
            PairsOf(rounds),
            plan.Initialization == PolicyOrigin.Previous ? round.Policy : null,
            Reference(plan, state, round),
            round.Policy,
            plan.Data == PairData.Replay ? new ReplayOrder(PairsOf(state.Rounds.Remove(round)), plan.ReplayShare) : null);
    }

    private static ImmutableArray<Digest> PairsOf(IEnumerable<RoundState> rounds) =>
        [.. rounds.Select(r => r.Pairs).OfType<PairResult>().Where(pairs => pairs.PairCount > 0).Select(pairs => pairs.Pairs)];

    private static Digest? Reference(CampaignPlan plan, CampaignState state, RoundState round) => plan.Reference switch
    {
        ReferenceOrigin.Previous => round.Policy,
        ReferenceOrigin.Ema => state.LastKept?.Publication?.Average,
        _ => null,
    };

    /// <summary>The average goes on from that of the last round that was kept, so that a round that is rolled back leaves no trace in it.</summary>
    private static AverageOrder? Average(CampaignPlan plan, CampaignState state) =>
        plan.Reference == ReferenceOrigin.Ema ? new AverageOrder(state.LastKept?.Publication?.Average, plan.ReferenceEmaDecay) : null;

    private static IEnumerable<WorkOrder> Evaluation(CampaignPlan plan, CampaignState state, RoundState round)
    {
        foreach (var (index, samples) in round.Evaluations)
        {
            if (!round.Grades.ContainsKey(index))
            {
                yield return Judging(plan, state, new WorkId(round.Number, Stage.Grade, index), samples.Samples, round.Training?.Adapter);
            }
        }
        foreach (var index in Missing(plan.Units(Stage.Evaluate), round.Evaluations))
        {
            var (first, count) = plan.PromptsOf(Stage.Evaluate, index);
            yield return new SampleOrder(new WorkId(round.Number, Stage.Evaluate, index), round.Training?.Adapter, first, count);
        }
    }

    private static IEnumerable<int> Missing(int units, ImmutableSortedDictionary<int, SampleResult> done) =>
        Enumerable.Range(0, units).Where(index => !done.ContainsKey(index));
}
