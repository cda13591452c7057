using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Replays;

/// <summary>A unit of work of a round, from the journal: what was ordered, and what came of it.</summary>
public sealed record RecordedWork(WorkOrder Order, WorkResult Result)
{
    public WorkId Id => Result.Id;

    /// <summary>The work of rounds that have ended, in the order of a round.</summary>
    /// <param name="events">All that happened to the campaign.</param>
    /// <param name="first">The first round; 0 is the evaluation of the base.</param>
    /// <exception cref="UserInputException">One of the rounds has not ended, or did not begin.</exception>
    public static IReadOnlyList<RecordedWork> Of(IReadOnlyList<CampaignEvent> events, int first, int last)
    {
        var found = new Dictionary<WorkId, RecordedWork>();
        var state = CampaignState.Empty;
        foreach (var @event in events)
        {
            if (@event is WorkCompleted { Result: var result })
            {
                // It was due, or its result would not have counted; of work that was done again, as what it had left was lost, the last
                // counts.
                var order = Round.Due(state with { Status = CampaignStatus.Running }).First(order => order.Id == result.Id);
                // People are not asked again.
                found[result.Id] = new(
                    order is PairOrder { Late: { } late } pairing && result is PairResult { Said: { } said }
                        ? pairing with { Late = late with { Said = said } }
                        : order,
                    result);
            }
            state = CampaignHistory.Apply(state, @event);
        }
        for (var round = first; round <= last; round++)
        {
            if (state.Rounds.ElementAtOrDefault(round) is not { Outcome: not null })
            {
                var ended = state.Rounds.FindLastIndex(known => known.Outcome is not null);
                throw new UserInputException(
                    $"round {round} has not ended{(ended < 0 ? "; none has" : $"; the last that has is round {ended}")}. Run the campaign further, or choose rounds that have ended.");
            }
        }
        return [.. found.Values.Where(work => work.Id.Round >= first && work.Id.Round <= last)
            .OrderBy(work => work.Id.Round).ThenBy(work => work.Id.Stage).ThenBy(work => work.Id.Index)];
    }
}
