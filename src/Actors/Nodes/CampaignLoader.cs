using System.Text.Json;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging;

namespace IterativeDpo.Actors.Nodes;

/// <summary>This node cannot do the work, and another one may: the trouble is the node's, and not the campaign's.</summary>
public sealed class NodeTroubleException(string message) : Exception(message);

/// <summary>Makes what workers work with out of a campaign's bundle: files by digest, wherever they are on this node.</summary>
/// <param name="engines">Makes a campaign's engines, by its options and where they may keep files.</param>
internal sealed class CampaignLoader(
    NodeOptions node,
    ArtifactStore store,
    IArtifactExchange artifacts,
    Func<CampaignOptions, string, CampaignEngines> engines,
    TimeProvider time)
{
    private const long MostBundleBytes = 16 << 20;

    private string ModelsPath => ModelsOf(node.StatePath);

    /// <exception cref="NodeTroubleException">A model is not on this node.</exception>
    public async Task<IWorker> CreateAsync(WorkerRole role, WorkOrder order, CancellationToken cancellationToken)
    {
        var digest = order.Bundle ?? throw new NodeTroubleException($"campaign {order.Campaign} was not submitted to a cluster");
        var bundle = await ReadForWorkAsync(digest, order.Campaign, cancellationToken);
        var paths = new List<string>();
        foreach (var file in bundle.Files)
        {
            paths.Add(await PathOfAsync(file, IsNeeded(role, file, bundle), order.Campaign, cancellationToken));
        }
        var options = bundle.OptionsWith(paths, node.Threads);
        var work = Path.Combine(node.StatePath, "work", options.Name);
        Directory.CreateDirectory(work);
        var made = engines(options, work);
        return new LoadedWorker(made.Owned, CampaignWorkers.Create(role, new WorkerContext(
            options,
            made,
            new CampaignPrompts(options),
            store,
            bundle.BaseModel,
            bundle.JudgeIdentity,
            work,
            time)));
    }

    /// <exception cref="UserInputException">It is of a newer version of the program, or none.</exception>
    public async Task<CampaignBundle> ReadAsync(Digest digest, CancellationToken cancellationToken)
    {
        await FetchAsync(digest, "a campaign's bundle", cancellationToken);
        var path = store.Verified(digest);
        if (new FileInfo(path).Length > MostBundleBytes)
        {
            throw new UserInputException($"{digest}: this is no campaign's bundle; one has {MostBundleBytes:N0} bytes at most.");
        }
        try
        {
            return CampaignBundle.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new UserInputException(e.Message, e);
        }
    }

    /// <summary>A node that is older than the campaign leaves the work to others.</summary>
    private async Task<CampaignBundle> ReadForWorkAsync(Digest digest, string campaign, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(digest, cancellationToken);
        }
        catch (UserInputException e)
        {
            throw new NodeTroubleException($"campaign {campaign}: {e.Message}");
        }
    }

    /// <summary>What a campaign began with is made by no work of it: somebody has to bring it.</summary>
    private async Task FetchAsync(Digest digest, string what, CancellationToken cancellationToken)
    {
        try
        {
            await artifacts.FetchAsync([digest], cancellationToken);
        }
        catch (ArtifactLostException e)
        {
            throw new NodeTroubleException(
                $"{what} ({digest}) is on no node; submit the campaign again, with --upload-models if it is a model: {e.Message}");
        }
    }

    /// <summary>Whether work of a role reads this file: a node needs no model that its roles do not ask.</summary>
    internal static bool IsNeeded(WorkerRole role, BundleFile file, CampaignBundle bundle) => !file.IsModel || role switch
    {
        WorkerRole.Generator or WorkerRole.Trainer => file.Digest == bundle.BaseModel,
        WorkerRole.Judge => bundle.OptionsWith([.. bundle.Files.Select(known => known.Path)], 1).JudgesInUse.Any(judge =>
            judge.Files.Contains(file.Path) || (file.Digest == bundle.BaseModel && judge.Needs.HasFlag(CampaignParts.Model))),
        // The average of adapters is made for the base.
        WorkerRole.Publisher => file.Digest == bundle.BaseModel && bundle.Plan.Reference == ReferenceOrigin.Ema,
        _ => false,
    };

    private async Task<string> PathOfAsync(BundleFile file, bool isNeeded, string campaign, CancellationToken cancellationToken)
    {
        if (file.IsModel && !store.Contains(file.Digest))
        {
            if (Find(file, node.StatePath, store) is { } found)
            {
                return found;
            }
            if (!isNeeded)
            {
                return Path.Combine(ModelsPath, file.Name);
            }
            if (!node.FetchModels)
            {
                throw new NodeTroubleException(
                    $"campaign {campaign}: the model {file.Name} ({file.Digest}, {file.Bytes:N0} bytes) is not on this node; put it in {ModelsPath}, "
                    + "or start the node with --fetch-models");
            }
        }
        await FetchAsync(file.Digest, $"campaign {campaign}: {file.Name}", cancellationToken);
        return Name(file, node.StatePath, store);
    }

    private static string ModelsOf(string statePath) => Path.Combine(statePath, "models");

    /// <summary>Where it was on the machine that submitted the campaign, or among a node's models.</summary>
    internal static string? Find(BundleFile file, string statePath, ArtifactStore store)
    {
        var models = ModelsOf(statePath);
        var places = Directory.Exists(models) ? Directory.EnumerateFiles(models).Prepend(file.Path) : [file.Path];
        var found = places.FirstOrDefault(path =>
            new FileInfo(path) is { Exists: true, Length: var bytes } && bytes == file.Bytes && GgufFile.DigestOf(path) == file.Digest);
        if (found is not null && GgufFile.PathsOf(found).Count == 1)
        {
            // Other nodes may ask for it.
            store.Link(file.Digest, found);
        }
        return found;
    }

    /// <summary>Readers go by the name of a file: the artifact gets the one it had, in a node's directory.</summary>
    internal static string Name(BundleFile file, string statePath, ArtifactStore store)
    {
        var path = store.Verified(file.Digest);
        var directory = Directory.CreateDirectory(Path.Combine(statePath, "files", file.Digest.Hex)).FullName;
        var named = Path.Combine(directory, file.Name);
        if (File.Exists(named))
        {
            return named;
        }
        File.Delete(named);
        if (file.IsModel)
        {
            File.CreateSymbolicLink(named, Path.GetFullPath(path));
        }
        else
        {
            // It is read when it is needed, and the artifact may be given up before.
            File.Copy(path, named);
        }
        return named;
    }

    /// <summary>A node serves one campaign after the other: what one had loaded goes with its worker.</summary>
    private sealed class LoadedWorker(IAsyncDisposable? owned, IWorker worker) : IWorker
    {
        public Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
            worker.DoAsync(order, report, cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await worker.DisposeAsync();
            if (owned is not null)
            {
                await owned.DisposeAsync();
            }
        }
    }
}
