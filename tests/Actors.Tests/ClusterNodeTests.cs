using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Remote;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors.Tests;

public sealed class ClusterNodeTests
{
    [Fact]
    public void Settings_ofTheCampaignFile_areOverTheShippedOnes()
    {
        using var fixture = new CampaignFixture();
        var own = fixture.Configure("akka { loglevel = DEBUG, actor.deployment {\n  /workers/generator { router = none }\n} }").System;

        var settings = ClusterNode.Settings(Config.Empty, own);

        Assert.Equal("DEBUG", settings.GetString("akka.loglevel"));
        Assert.Equal("none", settings.GetString("akka.actor.deployment./workers/generator.router"));
        Assert.Equal("cluster", settings.GetString("akka.actor.provider"));
        Assert.Equal("local", ClusterNode.Settings("akka.actor.provider = local", own).GetString("akka.actor.provider"));
        Assert.Equal("WARNING", ClusterNode.Settings(Config.Empty, "{}").GetString("akka.loglevel"));
    }

    /// <summary>
    /// A node that slept is unreachable, then downed, and its work is given out after the same time again; what it thinks when it wakes up
    /// must not count before.
    /// </summary>
    [Fact]
    public void Settings_ofSeveralNodes_downAllLaterThanASleeperIsGone()
    {
        var cluster = ConfigurationFactory
            .ParseString(File.ReadAllText(Path.Combine(CampaignConfiguration.ShippedDirectory, "cluster.conf")))
            .GetConfig("akka.cluster");
        var stable = cluster.GetTimeSpan("split-brain-resolver.stable-after");

        Assert.True(
            cluster.GetTimeSpan("split-brain-resolver.down-all-when-unstable")
                > cluster.GetTimeSpan("failure-detector.acceptable-heartbeat-pause") + 2 * stable);
    }

    /// <summary>Somebody takes its connections and never answers: Akka would ask on the same one for as long as it is open.</summary>
    [Fact]
    public async Task JoinAsync_nobodyAnswers_asksAgainWithConnectionsOfItsOwn()
    {
        // Less than the 15 s after which a handshake is given up.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(14));
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var joining = ClusterNode.JoinAsync(
            Worker(((IPEndPoint)silent.LocalEndpoint).Port),
            Config.Empty,
            null,
            limit.Token,
            silence: TimeSpan.FromSeconds(1));

        using var first = await silent.AcceptSocketAsync(limit.Token);
        using var second = await silent.AcceptSocketAsync(limit.Token);

        // The first system is gone with its connection.
        var buffer = new byte[1024];
        while (await first.ReceiveAsync(buffer, limit.Token) > 0)
        {
        }
        Assert.False(joining.IsCompleted);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);
    }

    /// <summary>It is told that it joins, and then the cluster dies before it is up: Akka would wait for that cluster for ever.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task JoinAsync_theClusterDiesMeanwhile_joinsTheNextOne(bool takesLeave)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var port = FreePort();
        // Nobody is up before there are nine.
        var first = Coordinator(port, leastMembers: 9);
        var old = Cluster.Get(first);
        old.Join(old.SelfAddress);
        await UntilAsync(() => old.State.Members.Count == 1, limit.Token);
        var joining = ClusterNode.JoinAsync(Worker(port), Config.Empty, null, limit.Token);
        await UntilAsync(() => old.State.Members.Count == 2, limit.Token);

        if (takesLeave)
        {
            foreach (var member in old.State.Members)
            {
                old.Down(member.Address);
            }
            await first.WhenTerminated.WaitAsync(limit.Token);
        }
        else
        {
            await ((IRemoteActorRefProvider)((ExtendedActorSystem)first).Provider).Transport.Shutdown();
        }
        var second = Coordinator(port);
        Cluster.Get(second).Join(Cluster.Get(second).SelfAddress);

        await using var node = await joining;
        // What a system knows of its cluster comes a little later.
        await UntilAsync(() => Cluster.Get(node.System).State.Members.Count(member => member.Status == MemberStatus.Up) == 2, limit.Token);
        await second.Terminate();
        await first.Terminate();
    }

    [Fact]
    public async Task Node_whoseOnlyCoordinatorLeavesInOrder_joinsItsNextOne()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var directory = Directory.CreateTempSubdirectory("node-");
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var notes = new ConcurrentQueue<string>();
        var port = FreePort();
        var first = Coordinator(port);
        Cluster.Get(first).Join(Cluster.Get(first).SelfAddress);
        await using var node = new Node(
            Worker(port),
            new ArtifactStore(directory.FullName),
            http,
            (_, _) => throw new InvalidOperationException(),
            notes.Enqueue,
            TimeProvider.System);
        using var end = new CancellationTokenSource();
        var running = node.RunAsync(end.Token);
        await UntilAsync(() => node.IsUp, limit.Token);

        await first.Terminate();
        var second = Coordinator(port);
        Cluster.Get(second).Join(Cluster.Get(second).SelfAddress);

        await UntilAsync(
            () => node.IsUp && Cluster.Get(second).State.Members.Count(member => member.Status == MemberStatus.Up) == 2,
            limit.Token);
        Assert.Contains(notes, note => note.Contains("joins again", StringComparison.Ordinal));
        await end.CancelAsync();
        await running;
        await second.Terminate();
        directory.Delete(recursive: true);
    }

    /// <summary>An actor system that a cluster can begin with.</summary>
    private static ActorSystem Coordinator(int port, int leastMembers = 1) =>
        ActorSystem.Create(
            ClusterNode.SystemName,
            ConfigurationFactory
                .ParseString(
        $$"""
        akka.remote.dot-netty.tcp.port = {{port}}
        akka.cluster { min-nr-of-members = {{leastMembers}}, roles = [coordinator] }
        """).WithFallback(ClusterNode.Settings(Config.Empty, "{}")));

    private static NodeOptions Worker(int port) => new(
        "worker",
        [NodeRoles.Trainer],
        "state",
        "127.0.0.1",
        0,
        new Uri("http://127.0.0.1"),
        [$"127.0.0.1:{port}"],
        null,
        1,
        "cpu",
        "1.0.0",
        false,
        0,
        TimeSpan.Zero,
        null);

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (!condition())
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
