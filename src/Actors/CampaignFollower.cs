using IterativeDpo.Actors.Persistence;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// Follows the journal of a state directory, whoever writes it: every look takes in what is new since the last one. Not thread-safe.
/// </summary>
public sealed class CampaignFollower(string statePath)
{
    private readonly string _database = CampaignReader.DatabasePath(statePath);
    private string? _id;

    /// <summary>With the results of all units of all rounds.</summary>
    public CampaignState State { get; private set; } = CampaignState.Empty;

    /// <summary>The number of the last event in it; 0 where no campaign has begun.</summary>
    public long Events { get; private set; }

    /// <summary>Takes in what is new, in order.</summary>
    /// <exception cref="Artifacts.UserInputException">The journal is damaged, or of a newer version.</exception>
    public IReadOnlyList<CampaignEvent> Look()
    {
        var news = Read(Events, int.MaxValue);
        foreach (var (number, @event) in news)
        {
            (State, Events) = (CampaignHistory.Whole(State, @event), number);
        }
        return [.. news.Select(item => item.Event)];
    }

    /// <summary>At most so many events, the last of them that before a number, in order.</summary>
    /// <inheritdoc cref="Look"/>
    public IReadOnlyList<(long Number, CampaignEvent Event)> Before(long number, int count)
    {
        var first = Math.Max(1, number - count);
        return Read(first - 1, (int)Math.Max(0, Math.Min(count, number - first)));
    }

    private List<(long Number, CampaignEvent Event)> Read(long after, int most) => CampaignDatabase.Read(_database, database =>
        (_id ??= database.PersistenceIds().FirstOrDefault(CampaignActor.IsPersistenceId)) is not { } id
            ? null
            : database.EventsAfter(id, after)
                .Take(most)
                .Select(stored =>
                    (stored.SequenceNr, (CampaignEvent)CampaignReader.Decode(stored, _database, $"event {stored.SequenceNr}")))
                .ToList()) ?? [];
}
