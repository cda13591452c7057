using System.Collections.Immutable;

namespace IterativeDpo.Campaigns;

/// <summary>How events make a campaign's state. Pure: no clock, no chance, nothing but the two arguments.</summary>
public static class CampaignHistory
{
    /// <remarks>
    /// What follows by itself from an event is journalled with it, a pause that the round's end leads to among it: whoever sees the state
    /// after that sees a round that ended with its units, and they are let go with the next event.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The event is of an unknown type: the journal is newer than this program.</exception>
    public static CampaignState Apply(CampaignState state, CampaignEvent @event) =>
        ApplyWhole(@event is RoundCompleted or RoundStarted or CampaignPaused or CampaignCompleted ? state : Fold(state), @event);

    /// <summary>The state after all these events, from the first on, with the results of all units of all rounds.</summary>
    public static CampaignState Whole(IEnumerable<CampaignEvent> events) => events.Aggregate(CampaignState.Empty, Whole);

    /// <summary>The next of these states.</summary>
    public static CampaignState Whole(CampaignState state, CampaignEvent @event) => ApplyWhole(state, @event);

    /// <summary>The state with what their units came to in place of the units of rounds that have ended.</summary>
    public static CampaignState Fold(CampaignState state)
    {
        var rounds = state.Rounds;
        var last = rounds.FindLastIndex(round => round.Outcome is not null);
        var first = last;
        for (; first >= 0 && rounds[first].Totals is null; first--)
        {
            rounds = rounds.SetItem(first, rounds[first].Fold());
        }
        // Rounds to come are compared with the last that was kept, and with no other.
        var kept = rounds.FindLastIndex(round => round.Outcome == RoundOutcome.Kept);
        var keptBefore = first < 0 || kept <= first ? -1 : rounds.FindLastIndex(first, round => round.Outcome == RoundOutcome.Kept);
        foreach (var i in Enumerable.Range(first + 1, last - first).Prepend(keptBefore).Where(i => i >= 0 && i != kept))
        {
            rounds = rounds.SetItem(i, rounds[i] with { Totals = rounds[i].Totals!.WithoutPrompts() });
        }
        return rounds == state.Rounds ? state : state with { Rounds = rounds };
    }

    private static CampaignState ApplyWhole(CampaignState state, CampaignEvent @event)
    {
        var next = @event switch
        {
            CampaignStarted e => state with { Status = CampaignStatus.Running, Plan = e.Plan, StartedAt = e.At },
            CampaignResumed => state with
            {
                Status = CampaignStatus.Running,
                PauseReason = null,
                PausedBy = null,
                Attempts = state.Attempts.Clear(),
            },
            PlanRevised e => state with { Status = CampaignStatus.Running, PauseReason = null, PausedBy = null, Plan = e.Plan },
            CampaignForked e => state with
            {
                Status = CampaignStatus.Running,
                PauseReason = null,
                PausedBy = null,
                Plan = e.Plan,
                Origin = e.Origin,
            },
            RoundStarted e => ForgetEnded(state) with { Rounds = state.Rounds.Add(new RoundState(e.Round, e.Policy)) },
            WorkCompleted e => UpdateRound(state, e.Result.Id.Round, round => Round.Record(round, e.Result)),
            TrainingCheckpointed e => UpdateRound(state, e.Round, round => round with { Checkpoint = e.Checkpoint }),
            WorkFailed e => state with
            {
                Attempts = state.Attempts.SetItem(e.Id, state.Attempts.GetValueOrDefault(e.Id) + 1),
                DoneInPart = e.Done is { } done ? state.DoneInPart.SetItem(e.Id, done) : state.DoneInPart,
            },
            WorkDropped e => UpdateRound(state, e.Id.Round, round => round with { DroppedUnits = round.DroppedUnits.Add(e.Id.Index) }),
            CampaignPaused e => state with { Status = CampaignStatus.Paused, PauseReason = e.Reason, PausedBy = e.By },
            RoundCompleted e => UpdateRound(state, e.Round, round => round with { Outcome = e.Outcome, Gate = e.Gate }),
            CampaignCompleted => state with { Status = CampaignStatus.Completed },
            CampaignCancelled => state with { Status = CampaignStatus.Cancelled, PauseReason = null, PausedBy = null },
            ArtifactLost e => state.Open.Aggregate(
                state,
                (s, open) => UpdateRound(s, open.Number, round => Round.Forget(round, e.Artifact))),
            _ => throw new InvalidOperationException($"Unknown campaign event {@event.GetType().Name}."),
        };
        return Elapse(state, next, @event) with { LastEventAt = @event.At };
    }

    /// <summary>What happened up to the end of a round, without what had been begun of later ones.</summary>
    /// <returns>Null where the round has not ended.</returns>
    public static IReadOnlyList<CampaignEvent>? Until(IReadOnlyList<CampaignEvent> events, int round)
    {
        var end = events.TakeWhile(@event => @event is not RoundCompleted completed || completed.Round != round).Count();
        return end == events.Count ? null : [.. events.Take(end + 1).Where(@event => RoundOf(@event) <= round)];
    }

    private static int RoundOf(CampaignEvent @event) => @event switch
    {
        RoundStarted e => e.Round,
        WorkCompleted e => e.Result.Id.Round,
        WorkFailed e => e.Id.Round,
        WorkDropped e => e.Id.Round,
        TrainingCheckpointed e => e.Round,
        _ => 0,
    };

    /// <summary>What was noted of work in rounds that have ended is of no use any more.</summary>
    private static CampaignState ForgetEnded(CampaignState state)
    {
        var open = state.Open.Select(round => round.Number).ToHashSet();
        return state with
        {
            Attempts = state.Attempts.RemoveRange(state.Attempts.Keys.Where(id => !open.Contains(id.Round))),
            DoneInPart = state.DoneInPart.RemoveRange(state.DoneInPart.Keys.Where(id => !open.Contains(id.Round))),
        };
    }

    /// <summary>Adds the time since the event before to the first round that ran, unless the campaign was at rest meanwhile.</summary>
    private static CampaignState Elapse(CampaignState before, CampaignState after, CampaignEvent @event) =>
        before.Current is { } round
        && before.Status == CampaignStatus.Running
        && @event is not (CampaignResumed or PlanRevised or CampaignForked)
            ? UpdateRound(
                after,
                round.Number,
                r => r with { TotalSeconds = r.TotalSeconds + (@event.At - before.LastEventAt).TotalSeconds })
            : after;

    private static CampaignState UpdateRound(CampaignState state, int number, Func<RoundState, RoundState> change) =>
        state with { Rounds = state.Rounds.SetItem(number, change(state.Rounds[number])) };
}
