using System.Text.Json;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>Reads a campaign's state without running it; also while another process runs it.</summary>
public static class CampaignReader
{
    /// <returns>Null where no campaign has begun.</returns>
    /// <exception cref="UserInputException">The state is damaged or of a newer version.</exception>
    public static CampaignState? Read(string statePath) => File.Exists(DatabasePath(statePath)) ? ReadOrCreate(statePath) : null;

    /// <summary>As <see cref="Read(string)"/>, but makes the database where there is none.</summary>
    internal static CampaignState? ReadOrCreate(string statePath)
    {
        try
        {
            using var database = SqliteDatabase.Open(DatabasePath(statePath));
            return Read(database, DatabasePath(statePath));
        }
        catch (StateDatabaseException e)
        {
            throw new UserInputException(e.Message, e);
        }
    }

    /// <summary>The settings that the campaign last ran with.</summary>
    public static CampaignOptions ReadSettings(string statePath) => OptionsJson.Read(File.ReadAllText(SettingsPath(statePath)));

    /// <summary>Where trainings keep their checkpoints, and judges what they were told.</summary>
    public static string WorkPath(string statePath) => Path.Combine(statePath, "work");

    /// <summary>Where the resolved configuration is stored.</summary>
    internal static string SettingsPath(string statePath) => Path.Combine(statePath, "campaign.json");

    /// <summary>Where the database of a state directory is.</summary>
    internal static string DatabasePath(string statePath) => Path.Combine(statePath, "campaign.db");

    private static CampaignState? Read(SqliteDatabase database, string path)
    {
        var events = new EventTable(database);
        if (events.PersistenceIds().FirstOrDefault(CampaignActor.IsPersistenceId) is not { } id)
        {
            return null;
        }
        var snapshot = new SnapshotTable(database).Latest(id, SnapshotBounds.All);
        var state = snapshot is null ? CampaignState.Empty : (CampaignState)Decode(snapshot.Payload, path, $"the snapshot of event {snapshot.SequenceNr}");
        return events.Read(id, (snapshot?.SequenceNr ?? 0) + 1, long.MaxValue, long.MaxValue)
            .Select(stored => (CampaignEvent)Decode(stored.Payload, path, $"event {stored.SequenceNr}"))
            .Aggregate(state, CampaignHistory.Apply);
    }

    private static object Decode(StoredPayload payload, string path, string what)
    {
        try
        {
            return WireFormat.Read(payload.Bytes, payload.Manifest);
        }
        catch (JsonException e)
        {
            throw new StateDatabaseException(
                $"{path}: {what} ({payload.Manifest}) is damaged: {e.Message} Restore the file from a copy, or choose another state directory.");
        }
        catch (ArgumentException e)
        {
            throw new StateDatabaseException($"{path}: {what}: {e.Message} Use the newer program, or choose another state directory.");
        }
    }
}
