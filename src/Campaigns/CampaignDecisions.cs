using System.Collections.Immutable;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns;

/// <summary>What a command leads to: events to be journalled, or the reason why it was refused.</summary>
/// <param name="Events">Empty where the command changes nothing, as a repeated result does.</param>
/// <param name="Rejection">Null unless the command was refused.</param>
public sealed record Decision(IReadOnlyList<CampaignEvent> Events, string? Rejection = null);

/// <summary>What a campaign does when asked. Pure: the time is an argument.</summary>
public static class CampaignDecisions
{
    public static Decision Decide(CampaignState state, CampaignCommand command, DateTimeOffset now) => command switch
    {
        StartCampaign c => Start(state, c.Plan, now),
        ResumeCampaign when state.Status == CampaignStatus.Running => Follow(state, [new CampaignResumed(now)]),
        PauseCampaign c when state.Status == CampaignStatus.Running => new Decision([new CampaignPaused(c.Reason, now, c.By)]),
        ContinueCampaign c when state.Status == CampaignStatus.Paused => Follow(state, [new CampaignResumed(now, c.By)]),
        RaiseLimits c when state.Status is CampaignStatus.Running or CampaignStatus.Paused => Raise(state, c, now),
        RaiseLimits when state.Plan is not null => new Decision(
            [],
            $"The campaign is {state.Status.ToString().ToLowerInvariant()}: run it again with more rounds, or fork it."),
        CancelCampaign when state.Status is CampaignStatus.Running or CampaignStatus.Paused => new Decision([new CampaignCancelled(now)]),
        PauseCampaign or ContinueCampaign or CancelCampaign or RaiseLimits when state.Plan is null => new Decision(
            [],
            "There is no such campaign."),
        CompleteWork c when IsExpected(state, c.Result.Id) => Follow(state, [new WorkCompleted(c.Result, now)]),
        CheckpointWork c when c.Id.Stage == Stage.Train && IsExpected(state, c.Id) => new Decision([
            new TrainingCheckpointed(c.Id.Round, c.Checkpoint, now),
        ]),
        // What went by settings that were put right since says nothing of those there are now.
        FailWork { Bundle: { } bundle } when bundle != state.Plan?.Bundle => new Decision([]),
        FailWork c when state.Status == CampaignStatus.Running && IsExpected(state, c.Id) => Fail(state, c, now),
        _ => new Decision([]),
    };

    private static Decision Start(CampaignState state, CampaignPlan plan, DateTimeOffset now)
    {
        if (state.Plan is not { } known)
        {
            return Follow(state, [new CampaignStarted(plan, now)]);
        }
        if (known.Campaign != plan.Campaign || known.SettingsDigest != plan.SettingsDigest)
        {
            return new Decision(
                [],
                $"This state belongs to campaign '{known.Campaign}' with other settings than '{plan.Campaign}' has now.");
        }
        if (state.Status == CampaignStatus.Cancelled)
        {
            return new Decision([], $"Campaign '{plan.Campaign}' was cancelled; give the new one another name.");
        }
        // Units are known by their index: how the work is divided stays as it was. Settings that are the same have the same sets.
        plan = plan with
        {
            EvaluationUnitPrompts = known.EvaluationUnitPrompts,
            Sets = known.Sets,
            RaisedRounds = known.RaisedRounds,
            Budgets = known.Budgets,
        };
        // What an operator raised stays so, until the settings ask for more.
        plan = plan with { Rounds = Math.Max(plan.Rounds, plan.RaisedRounds ?? 0) };
        var events = new List<CampaignEvent>();
        if (plan != known)
        {
            events.Add(new PlanRevised(plan, now));
        }
        if (state.Status == CampaignStatus.Paused)
        {
            events.Add(new CampaignResumed(now));
        }
        return Follow(state, events);
    }

    private static Decision Raise(CampaignState state, RaiseLimits raise, DateTimeOffset now)
    {
        var plan = state.Plan!;
        if (raise.Rounds is { } rounds)
        {
            if (rounds <= plan.Rounds || rounds > CampaignPlan.MostRounds)
            {
                return new Decision([], $"It has {plan.Rounds} rounds; say a number above that, and {CampaignPlan.MostRounds} at most.");
            }
            plan = plan with { Rounds = rounds, RaisedRounds = rounds };
        }
        if (raise is { Judge: { } judge, Budget: { } budget })
        {
            var before = plan.Budgets?.GetValueOrDefault(judge) ?? new(0, 0);
            var after = new JudgeBudget(Math.Max(before.Calls, budget.Calls), Math.Max(before.Tokens, budget.Tokens));
            plan =
                after == before
                    ? plan
                    : plan with
                    {
                        Budgets = (plan.Budgets ?? ImmutableSortedDictionary.Create<string, JudgeBudget>(StringComparer.Ordinal)).SetItem(
                            judge,
                            after),
                    };
        }
        if (plan == state.Plan)
        {
            return new Decision([]);
        }
        List<CampaignEvent> events = [new PlanRevised(plan, now, raise.By)];
        // To go on after a pause takes another command.
        return state.Status == CampaignStatus.Paused
            ? new Decision([.. events, new CampaignPaused(state.PauseReason ?? "", now, state.PausedBy)])
            : Follow(state, events);
    }

    private static Decision Fail(CampaignState state, FailWork failure, DateTimeOffset now)
    {
        // What rounds that run made can be made again; what ended rounds did cannot.
        if (failure.Lost is { } lost && state.Open.Any(round => Round.Forget(round, lost) != round))
        {
            return new Decision([new ArtifactLost(lost, now)]);
        }
        var attempts = state.Attempts.GetValueOrDefault(failure.Id) + 1;
        if (failure.Kind == FailureKind.Transient && attempts < state.Plan!.MaxAttempts)
        {
            return new Decision([new WorkFailed(failure.Id, failure.Reason, now, failure.Partial)]);
        }
        // The last attempt died: the verdicts of one before stand, and the prompts that it failed on are dropped and counted.
        if (failure.Kind == FailureKind.Transient && state.DoneInPart.GetValueOrDefault(failure.Id) is { } done)
        {
            return Follow(state, [new WorkCompleted(done, now)]);
        }
        return failure is { Kind: FailureKind.Transient, Id.Stage: Stage.Judge } && !IsLastHope(state, failure.Id.Round)
            ? Follow(state, [new WorkDropped(failure.Id, failure.Reason, now)])
            : new Decision([new CampaignPaused($"{failure.Id.Stage} of round {failure.Id.Round} failed: {failure.Reason}", now)]);
    }

    /// <summary>Without this unit none of the round's would be judged: then it is the judge, and not the unit.</summary>
    private static bool IsLastHope(CampaignState state, int round) => state.Rounds[round].DroppedUnits.Count + 1 == state.Plan!.SampleUnits;

    /// <summary>A result counts while its work is open; also when the campaign was paused meanwhile.</summary>
    public static bool IsExpected(CampaignState state, WorkId id) =>
        state.Status is CampaignStatus.Running or CampaignStatus.Paused
        && Round.Due(state with { Status = CampaignStatus.Running }).Any(work => work.Id == id);

    /// <summary>Adds what follows by itself from the events: the end of a round, the next one, the end of the campaign.</summary>
    private static Decision Follow(CampaignState state, List<CampaignEvent> events)
    {
        state = events.Aggregate(state, CampaignHistory.Apply);
        while (NextStep(state) is { } step)
        {
            events.Add(step);
            state = CampaignHistory.Apply(state, step);
            if (step is RoundCompleted ended && ReasonToPause(state, ended) is { } reason)
            {
                step = new CampaignPaused(reason, step.At);
                events.Add(step);
                state = CampaignHistory.Apply(state, step);
            }
        }
        return new Decision(events);
    }

    /// <summary>Why the operator wants to be asked after this round; null is not.</summary>
    private static string? ReasonToPause(CampaignState state, RoundCompleted ended)
    {
        if (ended.Gate is { Passed: false } evidence && state.Plan!.Gate?.OnFail == GateFailure.Pause)
        {
            return $"round {ended.Round} did not pass the gate and was rolled back: {evidence.InWords()}; resume to go on from the checkpoint before it, or fork the campaign with other settings";
        }
        return state.Plan!.Watch?.Action == WatchAction.Pause && Watch.Of(state, state.Rounds[ended.Round]) is { Count: > 0 } findings
            ? $"round {ended.Round}: {string.Join("; ", findings)}; resume to go on, or fork the campaign with other settings"
            : null;
    }

    private static CampaignEvent? NextStep(CampaignState state)
    {
        if (state is not { Status: CampaignStatus.Running, Plan: { } plan })
        {
            return null;
        }
        var now = state.LastEventAt;
        if (state.Current is { } round && Round.OutcomeOf(plan, state, round) is { } outcome)
        {
            return new RoundCompleted(round.Number, outcome, now, outcome == RoundOutcome.Skipped ? null : Gate.Judge(plan, state, round));
        }
        if (Round.MayStart(plan, state))
        {
            return new RoundStarted(state.Rounds.Count, Round.PolicyOfNext(plan, state), now);
        }
        return state.Current is null ? new CampaignCompleted(now, Watch.ReasonToStop(state)) : null;
    }
}
