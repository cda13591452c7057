using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Nodes;

public sealed class CampaignLoaderTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();

    public void Dispose() => _campaign.Dispose();

    [Theory]
    [InlineData(WorkerRole.Generator, "", true)]
    [InlineData(WorkerRole.Trainer, "", true)]
    [InlineData(WorkerRole.Pairer, "", false)]
    [InlineData(WorkerRole.Judge, "", false)]
    [InlineData(WorkerRole.Judge, "campaign.judging { judge = own, judges.own { type = implicit-reward, policy = model.gguf } }", true)]
    [InlineData(WorkerRole.Publisher, "", false)]
    [InlineData(WorkerRole.Publisher, "campaign.policy.reference = ema", true)]
    public void IsNeeded_ofTheBaseModel_isAsTheRolesWorkReadsIt(WorkerRole role, string settings, bool isNeeded)
    {
        var bundle = CampaignBundling.Bundle(_campaign.Configure(settings));

        Assert.Equal(isNeeded, CampaignLoader.IsNeeded(role, bundle.Files.Single(file => file.IsModel), bundle));
    }

    [Fact]
    public async Task CreateAsync_ofAWorkerThatIsDisposedOf_disposesOfWhatItsEnginesShare()
    {
        var shared = new Shared();

        var worker = await CreateAsync(CampaignBundling.Bundle(_campaign.Configuration), _campaign.Engines with { Owned = shared });
        Assert.False(shared.IsDisposed);
        await worker.DisposeAsync();

        Assert.True(shared.IsDisposed);
    }

    /// <summary>It would pause the campaign, and other nodes may be newer.</summary>
    [Fact]
    public async Task CreateAsync_forACampaignOfANewerVersion_isTroubleOfThisNode()
    {
        var bundle = CampaignBundling.Bundle(_campaign.Configuration);
        bundle.Settings["later"] = 1;

        var error = await Assert.ThrowsAsync<NodeTroubleException>(() => CreateAsync(bundle, _campaign.Engines));

        Assert.Contains("update this node", error.Message, StringComparison.Ordinal);
    }

    private async Task<IWorker> CreateAsync(CampaignBundle bundle, CampaignEngines engines)
    {
        var store = new ArtifactStore(Path.Combine(_campaign.StatePath, "artifacts"));
        var node = new NodeOptions(
            "n",
            [NodeRoles.Coordinator],
            _campaign.StatePath,
            "localhost",
            0,
            new Uri("http://localhost"),
            [],
            null,
            1,
            "cpu",
            "1",
            false,
            1,
            TimeSpan.MaxValue,
            null);
        var loader = new CampaignLoader(node, store, new OneStore(), (_, _) => engines, TimeProvider.System);
        return await loader.CreateAsync(
            WorkerRole.Pairer,
            new PairOrder(new WorkId(1, Stage.Pair, 0), [], null) { Campaign = "test", Bundle = store.Put(bundle.ToJson()) },
            default);
    }

    private sealed class Shared : IAsyncDisposable
    {
        public bool IsDisposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
