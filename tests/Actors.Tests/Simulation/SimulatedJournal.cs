using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>A campaign's events under unique numbers, as the database keeps them, with what has to hold for them.</summary>
internal sealed class SimulatedJournal
{
    private readonly List<SimulatedIncarnation> _writers = [];
    private readonly HashSet<string> _failures = [];

    public List<CampaignEvent> Events { get; } = [];

    public CampaignState State { get; private set; } = CampaignState.Empty;

    public bool HasLosses { get; private set; }

    /// <summary>In which order incarnations first wrote; -1 is not yet.</summary>
    public int TurnOf(SimulatedIncarnation writer) => _writers.IndexOf(writer);

    /// <returns>Whether the numbers from this one on were free.</returns>
    public bool Append(SimulatedIncarnation writer, long sequence, IReadOnlyList<CampaignEvent> events)
    {
        if (sequence != Events.Count)
        {
            return false;
        }
        if (!_writers.Contains(writer))
        {
            _writers.Add(writer);
        }
        Check(_writers[^1] == writer, "events of two incarnations are interleaved");
        foreach (var @event in events)
        {
            Check(@event is not WorkCompleted completed || IsOpen(State, completed.Result.Id), $"counted twice, or not due: {@event}");
            Check(@event is not WorkFailed { Reason: var reason } || _failures.Add(reason), $"a failure counted twice: {@event}");
            if (@event is CampaignResumed)
            {
                // With it all attempts are forgotten.
                _failures.Clear();
            }
            HasLosses |= @event is ArtifactLost;
            State = CampaignHistory.Apply(State, @event);
            Events.Add(@event);
        }
        return true;
    }

    /// <summary>Whether a result of this work would count.</summary>
    public static bool IsOpen(CampaignState state, WorkId id) =>
        state.Status is CampaignStatus.Running or CampaignStatus.Paused
        && Round.Due(state with { Status = CampaignStatus.Running }).Any(order => order.Id == id);

    internal static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvariantException(otherwise);
        }
    }
}
