using System.Text.Json;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging.Command;
using Npgsql;

namespace IterativeDpo.Actors;

/// <summary>Reads a campaign's state without running it; also while another process runs it.</summary>
public static class CampaignReader
{
    /// <returns>Null where no campaign has begun.</returns>
    /// <exception cref="UserInputException">The state is damaged or of a newer version.</exception>
    public static CampaignState? Read(string statePath) =>
        CampaignDatabase.Read(DatabasePath(statePath), database => Read(database, DatabasePath(statePath)));

    /// <summary>
    /// The state with the results of all units of all rounds, which takes every event: for what is told of a campaign, and not for what it
    /// goes on by.
    /// </summary>
    /// <inheritdoc cref="Read(string)"/>
    public static CampaignState? ReadWhole(string statePath) =>
        ReadEvents(DatabasePath(statePath)) is { Count: > 0 } events ? CampaignHistory.Whole(events) : null;

    /// <summary>All that happened, in order, to a campaign; no snapshot is used.</summary>
    /// <param name="campaign">Its name; null is the one that the database has first.</param>
    /// <exception cref="UserInputException">The database is damaged or of a newer version.</exception>
    public static IReadOnlyList<CampaignEvent> ReadEvents(string databasePath, string? campaign = null) => CampaignDatabase.Read(
        databasePath,
        database =>
            database
                .PersistenceIds()
                .FirstOrDefault(id =>
                    campaign is null ? CampaignActor.IsPersistenceId(id) : id == CampaignActor.PersistenceIdOf(campaign))
                is { } id
            ? database
                .EventsAfter(id, 0)
                .Select(stored => (CampaignEvent)Decode(stored, databasePath, $"event {stored.SequenceNr}"))
                .ToList()
            : null) ?? [];

    /// <summary>
    /// All that happened, in order, to a campaign whose journal is on a PostgreSQL server; nothing where there is no journal yet.
    /// </summary>
    /// <exception cref="UserInputException">The server does not answer, or the journal is of a newer version.</exception>
    public static IReadOnlyList<CampaignEvent> ReadEvents(Uri journal, string campaign)
    {
        var place = $"{journal.Host}{journal.AbsolutePath}";
        try
        {
            return
            [
                .. JournalSettings
                    .ReadEvents(journal, CampaignActor.PersistenceIdOf(campaign))
                    .Select(stored => (CampaignEvent)Decode(stored, place, $"event {stored.SequenceNr}")),
            ];
        }
        catch (NpgsqlException e)
        {
            throw new UserInputException($"{place}: the journal cannot be read: {e.Message}", e);
        }
    }

    /// <summary>
    /// The settings that the campaign last ran with; what may be a secret only where the file that it ran with still says so.
    /// </summary>
    public static CampaignOptions ReadSettings(string statePath)
    {
        var json = File.ReadAllText(SettingsPath(statePath));
        var stored = OptionsJson.Read(json);
        if (stored.Judging.Judges?.Any(judge => judge is CommandOptions { Command.Count: > 1 }) != true
            || ReadSource(statePath) is not { } source)
        {
            return stored;
        }
        try
        {
            var options = CampaignConfiguration.Load(source,
            [
                new("campaign.seed", $"{stored.Seed}", "the campaign's seed"),
                new("campaign.rounds", $"{stored.Rounds}", "the campaign's rounds"),
                new("campaign.threads", $"{stored.Threads}", "the campaign's threads"),
            ]).Options;
            // Which time chat templates are told is not in the file.
            options = options with
            {
                ChatTemplate = stored.ChatTemplate,
                Judging = options.Judging with { ChatTemplate = stored.Judging.ChatTemplate },
            };
            return OptionsJson.Write(options) == OptionsJson.Write(stored) ? options : stored;
        }
        catch (UserInputException)
        {
            // The file is gone, or another one now.
            return stored;
        }
    }

    /// <summary>The campaign file that it last ran with; null where that was not noted.</summary>
    public static string? ReadSource(string statePath) =>
        File.Exists(SourcePath(statePath)) ? File.ReadAllText(SourcePath(statePath)) : null;

    /// <summary>Where trainings keep their checkpoints, and judges what they were told.</summary>
    public static string WorkPath(string statePath) => Path.Combine(statePath, "work");

    /// <summary>Where people's tasks and verdicts are.</summary>
    public static string PeoplePath(string statePath) => Path.Combine(statePath, "people");

    /// <summary>Where the resolved configuration is stored.</summary>
    internal static string SettingsPath(string statePath) => Path.Combine(statePath, "campaign.json");

    /// <summary>Where it is stored which file the configuration is from.</summary>
    internal static string SourcePath(string statePath) => Path.Combine(statePath, "campaign.source");

    /// <summary>Where the database of a state directory is.</summary>
    public static string DatabasePath(string statePath) => Path.Combine(statePath, "campaign.db");

    private static CampaignState? Read(CampaignDatabase database, string path)
    {
        if (database.PersistenceIds().FirstOrDefault(CampaignActor.IsPersistenceId) is not { } id)
        {
            return null;
        }
        var snapshot = database.LatestSnapshot(id);
        var state = snapshot is null
            ? CampaignState.Empty
            : (CampaignState)Decode(snapshot, path, $"the snapshot of event {snapshot.SequenceNr}");
        return database.EventsAfter(id, snapshot?.SequenceNr ?? 0)
            .Select(stored => (CampaignEvent)Decode(stored, path, $"event {stored.SequenceNr}"))
            .Aggregate(state, CampaignHistory.Apply);
    }

    internal static object Decode(StoredPayload payload, string path, string what)
    {
        try
        {
            return WireFormat.Read(payload.Bytes, payload.Manifest);
        }
        catch (JsonException e)
        {
            throw new UserInputException(
                $"{path}: {what} ({payload.Manifest}) is damaged: {e.Message} Restore the file from a copy, or choose another state directory.",
                e);
        }
        catch (ArgumentException e)
        {
            throw new UserInputException($"{path}: {what}: {e.Message} Use the newer program, or choose another state directory.", e);
        }
    }
}
