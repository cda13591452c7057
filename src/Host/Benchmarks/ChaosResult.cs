using System.Text.Json.Serialization;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What a campaign came to on a cluster whose nodes were killed, frozen, parted, drained and starved.</summary>
/// <param name="Faults">How many there were, by kind; what was tried and did not come about is none.</param>
/// <param name="FaultsTotal">All of them together.</param>
/// <param name="LostUnits">Units of work that a quiet run of the same rounds has in its journal, and this one has not.</param>
/// <param name="DoubleUnits">How often a unit's result was accepted that was not due: it counted already.</param>
/// <param name="RepeatedUnits">How often nodes did a unit again that one of them had done: what faults cost.</param>
/// <param name="UnexplainedPauses">How often the campaign paused: nothing that was done to it should make it.</param>
/// <param name="FinalEqualsQuietRun">Whether outcome, pairs, adapter and held-out answers of every round are those of the quiet
/// run.</param>
internal sealed record ChaosResult(
    IReadOnlyDictionary<string, int> Faults,
    int FaultsTotal,
    int Rounds,
    int Units,
    int LostUnits,
    int DoubleUnits,
    int RepeatedUnits,
    int UnexplainedPauses,
    bool FinalEqualsQuietRun)
{
    [JsonIgnore]
    public bool IsWell => this is { LostUnits: 0, DoubleUnits: 0, UnexplainedPauses: 0, FinalEqualsQuietRun: true };

    /// <param name="done">How often nodes did each unit.</param>
    public static ChaosResult Compare(
        IReadOnlyDictionary<string, int> faults,
        int rounds,
        IReadOnlyList<CampaignEvent> chaos,
        IReadOnlyList<CampaignEvent> quiet,
        IReadOnlyDictionary<WorkId, int> done)
    {
        var counted = UnitsIn(chaos);
        var twice = 0;
        var state = CampaignState.Empty;
        foreach (var @event in chaos)
        {
            twice += @event is WorkCompleted accepted && !CampaignDecisions.IsExpected(state, accepted.Result.Id) ? 1 : 0;
            state = CampaignHistory.Apply(state, @event);
        }
        return new ChaosResult(
            faults,
            faults.Values.Sum(),
            rounds,
            counted.Count,
            UnitsIn(quiet).Except(counted).Count(),
            twice,
            done.Values.Sum(times => times - 1),
            chaos.OfType<CampaignPaused>().Count(),
            ResultsOf(chaos).SequenceEqual(ResultsOf(quiet)));
    }

    private static HashSet<WorkId> UnitsIn(IReadOnlyList<CampaignEvent> events) =>
        [.. events.OfType<WorkCompleted>().Select(completed => completed.Result.Id)];

    /// <summary>What must not depend on who did which work, and when.</summary>
    private static IEnumerable<string> ResultsOf(IReadOnlyList<CampaignEvent> events) =>
        events
            .Aggregate(CampaignState.Empty, CampaignHistory.Apply)
            .Rounds.Select(round =>
                $"{round.Number} {round.Outcome} {round.Prompts} {round.GeneratedTokens} {round.Pairs?.PairCount} {round.Training?.Adapter} {round.HeldOut} {round.MeanTokens}");
}
