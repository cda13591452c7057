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

    public NodeTests() => _node = Create(supervisor: "one");

    public void Dispose()
    {
        _http.Dispose();
        _campaign.Dispose();
    }

    [Fact]
    public async Task DrainAsync_ofANodeThatNobodyHasHeardOf_isNone() =>
        Assert.False(await _node.DrainAsync("other", CancellationToken.None));

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

    /// <summary>Whoever drains a node wants it gone, and its process may die before it has left.</summary>
    [Fact]
    public async Task RunAsync_whenItsProcessDiedWhileItWasDrained_endsAtOnce_andAfterAnotherStartDoesNot()
    {
        _node.Drain();

        await Create(supervisor: "one").RunAsync(CancellationToken.None).WaitAsync(s_patience);

        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Create(supervisor: "another").RunAsync(stop.Token));
    }

    private Node Create(string supervisor)
    {
        var options = new NodeOptions(
            "n",
            [NodeRoles.Generator],
            _campaign.StatePath,
            "localhost",
            0,
            new Uri("http://localhost"),
            ["localhost:1"],
            null,
            1,
            "cpu",
            "1",
            false,
            1,
            TimeSpan.MaxValue,
            null)
        { Supervisor = supervisor };
        return new Node(
            options,
            new ArtifactStore(Path.Combine(_campaign.StatePath, "artifacts")),
            _http,
            (_, _) => _campaign.Engines,
            _ => { },
            TimeProvider.System);
    }

    private static NodeReport Report(bool isDraining) => new(
        "other",
        "akka.tcp://iterative-dpo@h:1",
        "http://h:2/",
        [NodeRoles.Judge],
        "1",
        1,
        "cpu",
        isDraining,
        [],
        [],
        0,
        DateTimeOffset.UnixEpoch,
        DateTimeOffset.UtcNow);
}
