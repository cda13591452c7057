using System.Text;
using System.Text.Json;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Actors.Nodes;

/// <summary>
/// A campaign of a coordinator as a state directory of its own, for commands that read one: its journal, its settings with files of this
/// machine, its artifacts without a copy, and what services answered its judges.
/// </summary>
public static class NodeCampaign
{
    /// <summary>Makes the directory, or makes it anew, in the node's; the node may run meanwhile.</summary>
    /// <param name="nodePath">A coordinator's state directory.</param>
    /// <param name="threads">Those of the nodes that did the work, for the same bits; 0 is one for each processor.</param>
    /// <returns>Its path.</returns>
    /// <exception cref="UserInputException">There is no journal or no such campaign, or a file or an artifact of it is not on this
    /// machine.</exception>
    public static async Task<string> ExtractAsync(string nodePath, string campaign, int threads, CancellationToken cancellationToken)
    {
        var database = Node.DatabasePathOf(nodePath);
        var events = CampaignReader.ReadEvents(database, campaign);
        if (events.Count == 0)
        {
            throw new UserInputException(File.Exists(database)
                ? $"{database}: there is no campaign '{campaign}'; it has {NamesIn(database)}."
                : $"{nodePath}: there is no journal of a coordinator here (campaigns.db); name a coordinator's state directory with --state. A journal on a PostgreSQL server is not read.");
        }
        var store = StateDirectory.ArtifactsOf(nodePath);
        var state = events.Aggregate(CampaignState.Empty, CampaignHistory.Apply);
        var statePath = Path.Combine(nodePath, "campaigns", campaign);
        try
        {
            var options = OptionsOf(state.Plan!.Bundle!.Value, nodePath, store, threads > 0 ? threads : Environment.ProcessorCount);
            if (Directory.Exists(statePath))
            {
                Directory.Delete(statePath, recursive: true);
            }
            using var made = StateDirectory.Open(statePath, campaign);
            foreach (var digest in events.OfType<WorkCompleted>().SelectMany(done => done.Result.Leaves).Distinct().Where(store.Contains))
            {
                made.Artifacts.Share(store, digest);
            }
            AtomicFile.Write(
                CampaignReader.SettingsPath(statePath),
                stream => stream.Write(Encoding.UTF8.GetBytes(OptionsJson.Write(options))));
            await WriteAnswersAsync(database, options, CampaignReader.WorkPath(statePath), cancellationToken);
            CampaignDatabase.Prepare(CampaignReader.DatabasePath(statePath));
            CampaignDatabase.Begin(CampaignReader.DatabasePath(statePath), CampaignActor.PersistenceIdOf(campaign), events);
            return statePath;
        }
        catch (Exception e) when (e is StorageException or JsonException || IoFailure.Is(e))
        {
            throw new UserInputException($"{nodePath}: campaign {campaign} cannot be read from here: {e.Message}", e);
        }
    }

    private static string NamesIn(string database) =>
        string.Join(
            ", ",
            CampaignDatabase.Read(database, read => read.PersistenceIds().Select(CampaignActor.CampaignOf).OfType<string>().ToList()) ?? [])
        is { Length: > 0 } names ? names : "none";

    private static CampaignOptions OptionsOf(Digest bundle, string nodePath, ArtifactStore store, int threads)
    {
        var read = CampaignBundle.Parse(File.ReadAllBytes(store.Verified(bundle)));
        return read.OptionsWith([.. read.Files.Select(file => PathOf(file, nodePath, store))], threads);
    }

    private static string PathOf(BundleFile file, string nodePath, ArtifactStore store) => file.IsModel && !store.Contains(file.Digest)
        ? CampaignLoader.Find(file, nodePath, store)
            ?? throw new UserInputException(
                $"the model {file.Name} ({file.Digest}, {file.Bytes:N0} bytes) is not on this machine; put it in {Path.Combine(nodePath, "models")}.")
        : CampaignLoader.Name(file, nodePath, store);

    /// <summary>What services were asked and answered, as judges on one machine keep it.</summary>
    private static async Task WriteAnswersAsync(
        string database,
        CampaignOptions options,
        string workPath,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(workPath);
        foreach (var judge in options.JudgesInUse.OfType<HttpJudgeOptions>())
        {
            await using var ledger = LedgerDatabase.Sqlite(database);
            await using var file = File.Create(Path.Combine(workPath, HttpJudgeOptions.AnswersFileOf(judge.Name)));
            for (var known = 0L;
                await ledger.ReadAsync(options.Name, judge.Name, known, cancellationToken) is { Count: > 0 } page;
                known += page.Count)
            {
                foreach (var entry in page)
                {
                    file.Write(entry);
                    file.WriteByte((byte)'\n');
                }
            }
        }
    }
}
