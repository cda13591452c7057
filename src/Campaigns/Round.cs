using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns;

/// <summary>
/// A round from top to bottom: which work each stage needs done, what it takes from those before, and how the round can end. All of it
/// follows from the state alone: after a restart the same work is due under the same ids, and work whose result is recorded never again.
/// <para>
/// Round 0 evaluates the base and is that alone. Where the plan allows staleness, the next round is sampled while this one is trained and
/// evaluated: its samples are then of the policy that was published last when it started, and it trains on from the newest all the same.
/// The others sample and judge unit by unit, pair the whole round, train, publish and evaluate: <c>Sample → Judge → Pair → Train → Publish
/// → Evaluate → Grade</c>.
/// </para>
/// </summary>
public static class Round
{
    /// <summary>
    /// The most rounds whose pairs a training is given, the newest: neither order nor training grows with the campaign's age for ever.
    /// </summary>
    public const int MostPairFiles = 500;

    /// <summary>The work to do now, in the order in which it should be done; empty unless the campaign runs.</summary>
    public static IEnumerable<WorkOrder> Due(CampaignState state)
    {
        if (state is not { Status: CampaignStatus.Running, Plan: { } plan })
        {
            return [];
        }
        return state.Open.SelectMany(round => StageOf(plan, state, round).Concat(Anchor(plan, state, round)));
    }

    private static IEnumerable<WorkOrder> StageOf(CampaignPlan plan, CampaignState state, RoundState round) => round switch
    {
        { Number: 0 } or { Publication: not null } => EvaluateAndGrade(plan, state, round),
        { Training: { } trained } => [Publish(plan, state, round, trained)],
        // The newest adapter is known when the rounds before have ended.
        { Pairs: not null } => round == state.Current ? [Train(plan, state, round)] : Array.Empty<WorkOrder>(),
        _ when IsJudged(plan, round) => [Pair(plan, state, round)],
        _ => SampleAndJudge(plan, state, round),
    };

    /// <summary>Beside everything else of the round, which waits for it at its end alone.</summary>
    private static IEnumerable<JudgeOrder> Anchor(CampaignPlan plan, CampaignState state, RoundState round) =>
        plan.Watch is { AnchorRounds: > 0 and var every }
        && round is { Number: > 1, Anchor: null }
        && (round.Number - 1) % every == 0
        && state.Rounds[1] is { Outcome: not null, FirstJudged: { } first }
            ? [Judge(plan, state, new WorkId(round.Number, Stage.Anchor, 0), first.Samples, round.Policy) with { First = first.Verdicts }]
            : [];

    /// <summary>
    /// Whether the next round starts: when the one before has ended, or is sampled and there are not more under way than the plan allows.
    /// </summary>
    public static bool MayStart(CampaignPlan plan, CampaignState state) =>
        state.Rounds.Count <= plan.Rounds
        && Watch.ReasonToStop(state) is null
        && state.Open.Count() <= plan.Staleness
        && (state.Current is null || IsSampled(plan, state.Rounds[^1]));

    /// <summary>
    /// The adapter that the next round samples with: what was published so many rounds before, also where a newer one happens to be there,
    /// so that a campaign gives the same samples whatever its nodes' speed.
    /// </summary>
    public static Digest? PolicyOfNext(CampaignPlan plan, CampaignState state) =>
        state
            .Rounds.Take(state.Rounds.Count - plan.Staleness)
            .LastOrDefault(round => round.Outcome == RoundOutcome.Kept)
            ?.Training?.Adapter;

    private static bool IsSampled(CampaignPlan plan, RoundState round) => round.Number == 0
        ? round.Evaluations.Count == plan.EvaluationUnits(0).Count()
        : round.Samples.Count == plan.SampleUnits;

    /// <summary>What the round comes to: null while work is left in it.</summary>
    public static RoundOutcome? OutcomeOf(CampaignPlan plan, CampaignState state, RoundState round)
    {
        if (Anchor(plan, state, round).Any())
        {
            return null;
        }
        if (round is { Pairs: not null, Training: null } && Train(plan, state, round).Pairs.IsEmpty)
        {
            return RoundOutcome.Skipped;
        }
        if (round is { Number: > 0, Publication: null }
            || !plan.EvaluationUnits(round.Number).All(unit => round.Grades.ContainsKey(unit.Index)))
        {
            return null;
        }
        return Gate.Judge(plan, state, round)?.Passed == false && plan.Gate?.OnFail != GateFailure.Keep
            ? RoundOutcome.RolledBack
            : RoundOutcome.Kept;
    }

    /// <summary>The round with a result in it.</summary>
    /// <exception cref="InvalidOperationException">The result is none of its stage.</exception>
    public static RoundState Record(RoundState round, WorkResult result) => (result.Id.Stage, result) switch
    {
        (Stage.Sample, SampleResult r) => round with { Samples = round.Samples.SetItem(r.Id.Index, r) },
        (Stage.Judge, JudgeResult r) => round with { Judgements = round.Judgements.SetItem(r.Id.Index, r) },
        (Stage.Pair, PairResult r) => round with { Pairs = r },
        (Stage.Train, TrainResult r) => round with { Training = r, Checkpoint = null },
        (Stage.Publish, PublishResult r) => round with { Publication = r },
        (Stage.Evaluate, SampleResult r) => round with { Evaluations = round.Evaluations.SetItem(r.Id.Index, r) },
        (Stage.Anchor, JudgeResult r) => round with { Anchor = r },
        (Stage.Grade, JudgeResult r) => round with { Grades = round.Grades.SetItem(r.Id.Index, r) },
        _ => throw new InvalidOperationException($"A {result.GetType().Name} is no result of work {result.Id}."),
    };

    /// <summary>
    /// The round without the results that left this artifact, and without what was made of them: their work is due again.
    /// </summary>
    public static RoundState Forget(RoundState round, Digest artifact)
    {
        var samples = Without(round.Samples);
        var judgements = Without(round.Judgements);
        judgements = judgements.RemoveRange(judgements.Keys.Where(unit => !samples.ContainsKey(unit)));
        var pairs = Keep(round.Pairs);
        var training = Keep(round.Training);
        var publication = training is null ? null : Keep(round.Publication);
        var evaluations = publication is null && round.Number > 0 ? round.Evaluations.Clear() : Without(round.Evaluations);
        var grades = Without(round.Grades);
        return round with
        {
            Samples = samples,
            Judgements = judgements,
            DroppedUnits = round.DroppedUnits.Intersect(samples.Keys),
            Pairs = pairs,
            Training = training,
            Checkpoint = round.Checkpoint == artifact ? null : round.Checkpoint,
            Publication = publication,
            Anchor = Keep(round.Anchor),
            Evaluations = evaluations,
            Grades = grades.RemoveRange(grades.Keys.Where(unit => !evaluations.ContainsKey(unit))),
        };

        ImmutableSortedDictionary<int, T> Without<T>(ImmutableSortedDictionary<int, T> units) where T : WorkResult =>
            units.RemoveRange(units.Where(unit => unit.Value.Leaves.Contains(artifact)).Select(unit => unit.Key));

        T? Keep<T>(T? result) where T : WorkResult => result?.Leaves.Contains(artifact) == true ? null : result;
    }

    /// <summary>
    /// Units that are sampled are judged first, so that they are out of the way; each is judged, or its judging was given up.
    /// </summary>
    private static IEnumerable<WorkOrder> SampleAndJudge(CampaignPlan plan, CampaignState state, RoundState round)
    {
        var before = plan.Consistency ? Before(state, round.Policy) : null;
        foreach (var (index, samples) in round.Samples)
        {
            if (!round.Judgements.ContainsKey(index) && !round.DroppedUnits.Contains(index))
            {
                yield return Judge(plan, state, new WorkId(round.Number, Stage.Judge, index), samples.Samples, round.Policy) with
                {
                    Before = before,
                };
            }
        }
        // They are asked for once: where there are none, every round is looked at.
        var statistics = plan.PromptOrder == PromptOrder.Curriculum ? state.PromptStatistics : null;
        foreach (var index in Enumerable.Range(0, plan.SampleUnits).Where(index => !round.Samples.ContainsKey(index)))
        {
            var (first, count) = plan.PromptsOf(index);
            yield return new SampleOrder(new WorkId(round.Number, Stage.Sample, index), round.Policy, first, count, statistics);
        }
    }

    /// <summary>The policy that drew the samples from which this one was trained; none before the base.</summary>
    private static PolicyBefore? Before(CampaignState state, Digest? policy) =>
        policy is null || state.Rounds.FirstOrDefault(round => round.Training?.Adapter == policy) is not { } made ? null : new(made.Policy);

    private static bool IsJudged(CampaignPlan plan, RoundState round) =>
        round.Judgements.Count + round.DroppedUnits.Count == plan.SampleUnits;

    private static JudgeOrder Judge(CampaignPlan plan, CampaignState state, WorkId id, Digest samples, Digest? policy) => new(
        id,
        samples,
        policy,
        state.DoneInPart.GetValueOrDefault(id)?.Verdicts,
        state.Attempts.GetValueOrDefault(id) + 1 >= plan.MaxAttempts);

    private static PairOrder Pair(CampaignPlan plan, CampaignState state, RoundState round) => new(
        new WorkId(round.Number, Stage.Pair, 0),
        [.. round.Judgements.Select(unit => new JudgedUnit(round.Samples[unit.Key].Samples, unit.Value.Verdicts))],
        round.Policy,
        plan.PromptOrder == PromptOrder.Curriculum ? new StatisticsOrder(state.PromptStatistics) : null,
        state.Rounds[round.Number - 1] is { Pairs.Awaiting: { } awaiting } before
            ? new LateOrder(before.Number, awaiting, before.Policy)
            : null);

    /// <summary>Without a pair in this round or those that count there is nothing to train on, and the round ends here.</summary>
    private static TrainOrder Train(CampaignPlan plan, CampaignState state, RoundState round) => new(
        new WorkId(round.Number, Stage.Train, 0),
        PairsOf(plan.Data == PairData.Accumulated ? state.Rounds.Take(round.Number + 1) : [round]),
        plan.Initialisation == PolicyOrigin.Previous ? state.Checkpoint : null,
        plan.Reference switch
        {
            ReferenceOrigin.Previous => state.Checkpoint,
            ReferenceOrigin.Ema => state.LastKept?.Publication?.Average,
            _ => null,
        },
        round.Policy,
        plan.Data == PairData.Replay ? new ReplayOrder(PairsOf(state.Rounds.Take(round.Number)), plan.ReplayShare) : null,
        round.Checkpoint);

    private static ImmutableArray<Digest> PairsOf(IEnumerable<RoundState> rounds) =>
        [
            .. rounds
                .Select(r => r.Pairs)
                .OfType<PairResult>()
                .Where(pairs => pairs.PairCount > 0)
                .Select(pairs => pairs.Pairs)
                .TakeLast(MostPairFiles),
        ];

    /// <summary>
    /// The average goes on from that of the last round that was kept, so that a round that is rolled back leaves no trace in it.
    /// </summary>
    private static PublishOrder Publish(CampaignPlan plan, CampaignState state, RoundState round, TrainResult trained) => new(
        new WorkId(round.Number, Stage.Publish, 0),
        trained.Adapter,
        plan.Reference == ReferenceOrigin.Ema ? new AverageOrder(state.LastKept?.Publication?.Average, plan.ReferenceEmaDecay) : null);

    private static IEnumerable<WorkOrder> EvaluateAndGrade(CampaignPlan plan, CampaignState state, RoundState round)
    {
        foreach (var (index, samples) in round.Evaluations)
        {
            if (!round.Grades.ContainsKey(index))
            {
                yield return Judge(plan, state, new WorkId(round.Number, Stage.Grade, index), samples.Samples, round.Training?.Adapter) with
                {
                    Set =
                        samples.Set
                        ?? (plan.Gate is { IsByPrompt: true, Set: EvaluationOptions.HeldOut } ? EvaluationOptions.HeldOut : null),
                };
            }
        }
        foreach (var unit in plan.EvaluationUnits(round.Number).Where(unit => !round.Evaluations.ContainsKey(unit.Index)))
        {
            yield return new SampleOrder(
                new WorkId(round.Number, Stage.Evaluate, unit.Index),
                round.Training?.Adapter,
                unit.First,
                unit.Prompts,
                Set: unit.Set?.Name);
        }
    }
}
