using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Replays;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Nodes;

public sealed class NodeCampaignTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly DirectoryInfo _node = Directory.CreateTempSubdirectory("node");

    public NodeCampaignTests() => _campaign.Engines = _campaign.Engines with { Machine = "here" };

    public void Dispose()
    {
        _campaign.Dispose();
        _node.Delete(recursive: true);
    }

    [Fact]
    public async Task ExtractAsync_campaign_of_a_coordinator_can_be_replayed_and_forked_as_any_other()
    {
        await RunOnNodeAsync();

        var state = await NodeCampaign.ExtractAsync(_node.FullName, "test", 1, default);
        // A second time it is made anew.
        Assert.Equal(state, await NodeCampaign.ExtractAsync(_node.FullName, "test", 1, default));

        var (options, scratch) = (CampaignReader.ReadSettings(state), Path.Combine(_node.FullName, "scratch"));
        await using var replay = CampaignReplay.Open(
            state,
            CampaignReader.Read(state)!.Plan!,
            options,
            _campaign.Engines,
            scratch,
            _ => false,
            TimeProvider.System);
        foreach (var work in RecordedWork.Of(CampaignReader.ReadEvents(CampaignReader.DatabasePath(state)), 0, 2))
        {
            var done = await replay.ReplayAsync(work, _ => { }, default);
            Assert.Equal((ReplayOutcome.Same, null), (done.Outcome, done.Words));
        }
        var fork = Path.Combine(_node.FullName, "fork");
        CampaignFork.Make(state, 1, _campaign.Configure("campaign.training.loss.beta = 0.3"), fork, TimeProvider.System);
        var origin = CampaignReader.Read(fork)!.Origin!;
        Assert.Equal(("test", state, 1), (origin.Campaign, origin.StatePath, origin.Round));
    }

    [Fact]
    public async Task ExtractAsync_of_what_is_not_there_says_what_is()
    {
        Assert.Contains("there is no journal of a coordinator here", await RefusalOfAsync("test"), StringComparison.Ordinal);

        await RunOnNodeAsync();

        Assert.Contains("there is no campaign 'toast'; it has other, test.", await RefusalOfAsync("toast"), StringComparison.Ordinal);
        File.Delete(_campaign.Configuration.Options.ModelPath);
        Assert.Contains("the model model.gguf (", await RefusalOfAsync("test"), StringComparison.Ordinal);
    }

    private async Task<string> RefusalOfAsync(string campaign) =>
        (await Assert.ThrowsAsync<UserInputException>(() => NodeCampaign.ExtractAsync(_node.FullName, campaign, 1, default))).Message;

    /// <summary>
    /// A campaign as a coordinator has it: its events under its name beside others', its artifacts in the node's store, and its settings in
    /// a bundle.
    /// </summary>
    private async Task RunOnNodeAsync()
    {
        await _campaign.RunAsync();
        var (run, store) = (StateDirectory.ArtifactsOf(_campaign.StatePath), StateDirectory.ArtifactsOf(_node.FullName));
        var bundle = store.Put(CampaignBundling.Bundle(_campaign.Configuration).ToJson());
        CampaignEvent[] events = [.. CampaignReader.ReadEvents(CampaignReader.DatabasePath(_campaign.StatePath))
            .Select(happened =>
                happened is CampaignStarted started ? started with { Plan = started.Plan with { Bundle = bundle } } : happened),
    ];
        foreach (var digest in events.OfType<WorkCompleted>().SelectMany(done => done.Result.Leaves).Distinct())
        {
            store.Share(run, digest);
        }
        var database = Node.DatabasePathOf(_node.FullName);
        CampaignDatabase.Prepare(database);
        CampaignDatabase.Begin(database, CampaignActor.PersistenceIdOf("other"), events);
        CampaignDatabase.Begin(database, CampaignActor.PersistenceIdOf("test"), events);
    }
}
