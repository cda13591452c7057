using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Tests.Nodes;

public sealed class NodeTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly CampaignFixture _campaign = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Node _node;

    public NodeTests()
    {
        var options = new NodeOptions(
            "n", [NodeRoles.Generator], _campaign.StatePath, "localhost", 0, new Uri("http://localhost"), [], null, 1, "cpu", "1", false, 1, TimeSpan.MaxValue, null);
        _node = new Node(options, new ArtifactStore(Path.Combine(_campaign.StatePath, "artifacts")), _http, (_, _) => _campaign.Engines, _ => { }, TimeProvider.System);
    }

    public void Dispose()
    {
        _http.Dispose();
        _campaign.Dispose();
    }

    [Fact]
    public async Task DrainAsync_ofANodeThatNobodyHasHeardOf_isNone() => Assert.False(await _node.DrainAsync("other", CancellationToken.None));

    /// <summary>The word to drain may be lost: it counts when the node says so.</summary>
    [Fact]
    public async Task DrainAsync_isDoneWhenTheNodeSaysThatItDrains()
    {
        _node.Table.Hear(Report(isDraining: false));
        var draining = _node.DrainAsync("other", CancellationToken.None);
        await Task.Delay(50);
        Assert.False(draining.IsCompleted);

        _node.Table.Hear(Report(isDraining: true));

        Assert.True(await draining.WaitAsync(s_patience));
    }

    [Fact]
    public async Task DrainAsync_isDoneWhenTheNodeHasLeft()
    {
        _node.Table.Hear(Report(isDraining: false));
        var draining = _node.DrainAsync("other", CancellationToken.None);

        _node.Table.Forget(Report(isDraining: false).Address);

        Assert.True(await draining.WaitAsync(s_patience));
    }

    private static NodeReport Report(bool isDraining) => new(
        "other", "akka.tcp://iterative-dpo@h:1", "http://h:2/", [NodeRoles.Judge], "1", 1, "cpu", isDraining, [], [], 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow);
}
