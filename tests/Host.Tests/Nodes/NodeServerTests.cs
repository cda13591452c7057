using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Nodes;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Tests.Nodes;

public sealed class NodeServerTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("node-test-");
    private readonly HttpClient _http = new();
    private readonly int _port = FreePort();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Each name would be an entity for ever.</summary>
    [Fact]
    public async Task Command_toACampaignThatNobodyKnows_makesNone()
    {
        await using var coordinator = await StartAsync("coordinator", NodeRoles.Coordinator, []);

        using var answer = await _http.PostAsync(new Uri(coordinator.Address, "/campaigns/nobodys/pause"), null);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("no such campaign", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(coordinator.Node.Board.Standings);
    }

    [Fact]
    public async Task Submit_ofWhatIsNoSubmission_isRefused()
    {
        await using var coordinator = await StartAsync("coordinator", NodeRoles.Coordinator, []);

        foreach (var (body, status) in new[] { "", "{}", "null", "[]", """{"bundle":null}""", """{"bundle":"x"}""", new string('[', 1000) }
            .Select(body => (body, HttpStatusCode.BadRequest)).Append((new string('[', 100_000), HttpStatusCode.RequestEntityTooLarge)))
        {
            using var answer = await _http.PostAsync(new Uri(coordinator.Address, "/campaigns"), new StringContent(body));
            Assert.True(status == answer.StatusCode, $"{answer.StatusCode} for {body[..Math.Min(body.Length, 20)]}");
        }
    }

    /// <summary>It begins a cluster of its own: workers that stayed among themselves would never hear of it.</summary>
    [Fact]
    public async Task Coordinator_thatLeftInOrderAndIsBack_hasItsWorkersAgain()
    {
        var first = await StartAsync("coordinator", NodeRoles.Coordinator, []);
        await using var worker = await StartAsync("worker", NodeRoles.Judge, [$"127.0.0.1:{_port}"]);
        await UntilAsync(() => first.Node.Table.Nodes.Count == 2);

        await first.DisposeAsync();
        await using var second = await StartAsync("coordinator", NodeRoles.Coordinator, []);

        await UntilAsync(() => second.Node.Table.Nodes.Count == 2);
        Assert.Contains(worker.Notes, note => note.Contains("it joins again", StringComparison.Ordinal));
    }

    private async Task<RunningNode> StartAsync(string name, string role, ImmutableArray<string> join)
    {
        var state = _directory.CreateSubdirectory(name).FullName;
        var store = StateDirectory.ArtifactsOf(state);
        var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        Node? node = null;
        var server = NodeServer.Build(new IPEndPoint(IPAddress.Loopback, 0), store, () => node, http, _ => { });
        await server.StartAsync();
        var notes = new ConcurrentQueue<string>();
        node = new Node(
            new NodeOptions(
                name,
                [role],
                state,
                "127.0.0.1",
                role == NodeRoles.Coordinator ? _port : 0,
                new Uri(server.Urls.First()),
                join,
                null,
                1,
                "cpu",
                "1.0.0",
                false,
                long.MaxValue, TimeSpan.FromHours(1), null),
            store, http, (_, _) => throw new InvalidOperationException("Nobody works here."), notes.Enqueue, TimeProvider.System);
        var stop = new CancellationTokenSource();
        var running = Task.Run(() => node.RunAsync(stop.Token));
        await UntilAsync(() => node.IsUp || running.IsCompleted);
        if (running.IsCompleted)
        {
            await running;
        }
        return new RunningNode(node, server, http, notes, stop, running);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(s_patience);
        while (!condition())
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record RunningNode(
        Node Node,
        WebApplication Server,
        HttpClient Http,
        ConcurrentQueue<string> Notes,
        CancellationTokenSource Stop,
        Task Running) : IAsyncDisposable
    {
        public Uri Address => new(Server.Urls.First());

        public async ValueTask DisposeAsync()
        {
            await Stop.CancelAsync();
            await Running;
            await Node.DisposeAsync();
            await Server.DisposeAsync();
            Http.Dispose();
            Stop.Dispose();
        }
    }
}
