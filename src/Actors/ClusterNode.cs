using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>
/// This process as a node of a cluster, with campaigns as its sharded entities: the one place where an actor system starts and ends.
/// </summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    internal const string SystemName = "iterative-dpo";

    private const string EntityType = "campaign";

    /// <summary>So long a node puts up with a cluster in which no coordinator is to be reached.</summary>
    internal static readonly TimeSpan DeadClusterPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// So long a node asks a cluster that does not answer before it begins anew, and asks with connections of another system: where two
    /// nodes have connected to each other at once, each can be left reading the connection that the other does not write on.
    /// </summary>
    private static readonly TimeSpan s_silencePatience = TimeSpan.FromSeconds(30);

    private ClusterNode(ActorSystem system, IActorRef campaigns)
    {
        System = system;
        Link = new CampaignLink(campaigns);
        Link.CloseOnShutdown(system);
    }

    public ActorSystem System { get; }

    /// <summary>How everybody on this node reaches campaigns.</summary>
    public CampaignLink Link { get; }

    /// <summary>Starts a cluster of this one node.</summary>
    /// <param name="settings">See <see cref="Settings"/>.</param>
    public static async Task<ClusterNode> StartAsync(Config settings, CampaignHosting hosting, CancellationToken cancellationToken)
    {
        var system = ActorSystem.Create(SystemName, settings);
        try
        {
            var cluster = Cluster.Get(system);
            // Akka calls a join that was cancelled a failed one; to us it is an interruption.
            await cluster.JoinAsync(cluster.SelfAddress, CancellationToken.None).WaitAsync(cancellationToken);
            return new ClusterNode(system, await ClusterSharding.Get(system).StartAsync(
                EntityType,
                campaign => CampaignActor.Props(campaign, hosting),
                ClusterShardingSettings.Create(system),
                new CampaignExtractor()));
        }
        catch
        {
            await system.Terminate();
            throw;
        }
    }

    /// <summary>Starts a node of a cluster of several, and joins it, however long that takes.</summary>
    /// <param name="hosting">Null where no campaigns run.</param>
    /// <param name="silence">Null: half a minute.</param>
    /// <exception cref="UserInputException">Its port is in use, or its address is none of this machine.</exception>
    public static async Task<ClusterNode> JoinAsync(
        NodeOptions node, Config journal, CampaignHosting? hosting, CancellationToken cancellationToken, TimeSpan? silence = null)
    {
        var own = ConfigurationFactory.ParseString(
            $$"""
            akka.remote.dot-netty.tcp { hostname = "{{node.Host}}", port = {{node.Port}} }
            akka.cluster { roles = [{{string.Join(", ", node.Roles)}}], app-version = "{{node.Version}}" }
            """);
        var settings = (node.Security?.Settings ?? Config.Empty).WithFallback(own).WithFallback(Shipped("cluster.conf"));
        var setup = BootstrapSetup.Create().WithConfig(settings.WithFallback(Settings(journal, "{}")));
        while (true)
        {
            RefusePortInUse(node);
            var system = ActorSystem.Create(
                SystemName,
                node.Security is { } security ? security.Setup.And(setup) : ActorSystemSetup.Create(setup));
            try
            {
                // Others may speak of shards as soon as this node is up: it knows their language before.
                var sharding = ClusterSharding.Get(system);
                var cluster = Cluster.Get(system);
                var joining = cluster.JoinSeedNodesAsync(SeedsOf(node, cluster.SelfAddress), CancellationToken.None);
                if (await IsUpAsync(system, joining, silence ?? s_silencePatience, cancellationToken))
                {
                    return new ClusterNode(system, hosting is null
                        ? await sharding.StartProxyAsync(EntityType, NodeRoles.Coordinator, new CampaignExtractor())
                        : await sharding.StartAsync(
                            EntityType,
                            campaign => CampaignActor.Props(campaign, hosting),
                            ClusterShardingSettings.Create(system),
                            new CampaignExtractor()));
                }
            }
            catch
            {
                await system.Terminate();
                throw;
            }
            await system.Terminate();
        }
    }

    /// <summary>
    /// Waits until this node is up. Akka does so for ever where the cluster that was to take it in has died meanwhile, or has told it to
    /// go, or does not answer.
    /// </summary>
    /// <returns>False where it never will be, or may not.</returns>
    private static async Task<bool> IsUpAsync(ActorSystem system, Task joining, TimeSpan silence, CancellationToken cancellationToken)
    {
        var (lastAlive, begun) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (!joining.IsCompleted)
        {
            var isUnheard = Cluster.Get(system).State.Members.IsEmpty && Stopwatch.GetElapsedTime(begun) > silence;
            if (system.WhenTerminated.IsCompleted || isUnheard || Stopwatch.GetElapsedTime(lastAlive) > DeadClusterPatience)
            {
                return false;
            }
            if (IsAlive(Cluster.Get(system).State, Cluster.Get(system).SelfUniqueAddress))
            {
                lastAlive = Stopwatch.GetTimestamp();
            }
            await Task.WhenAny(joining, system.WhenTerminated, Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        await joining;
        return true;
    }

    /// <summary>
    /// Whether there is a coordinator in this cluster, beside one that is about to join; where no cluster has answered yet, one may.
    /// </summary>
    internal static bool IsAlive(ClusterEvent.CurrentClusterState state, UniqueAddress? joining = null) =>
        state.Members.IsEmpty
        || state.Members.Any(member =>
        member.UniqueAddress != joining
        && member.HasRole(NodeRoles.Coordinator)
        && member.Status is (MemberStatus.Up or MemberStatus.Joining or MemberStatus.WeaklyUp)
        && !state.Unreachable.Contains(member));

    /// <summary>Akka would end the process.</summary>
    private static void RefusePortInUse(NodeOptions node)
    {
        try
        {
            using var probe = new TcpListener(
                IPAddress.TryParse(node.Host, out var address) ? address : Dns.GetHostAddresses(node.Host)[0],
                node.Port);
            probe.Start();
        }
        catch (SocketException e)
        {
            throw new UserInputException(
                $"--port {node.Port}: cannot listen at {node.Host}: {e.Message}. Choose another port (--port 0 is any that is free), or another --bind.",
                e);
        }
    }

    /// <summary>A coordinator that joins nobody, or is the first of those to join, begins a cluster where there is none.</summary>
    private static IEnumerable<Address> SeedsOf(NodeOptions node, Address self) =>
        node.Join.IsEmpty
            ? [self]
            : node.Join.Select(NodeFinder.ParsePlace).Select(place => new Address(self.Protocol, SystemName, place.Host, place.Port));

    private static Config Shipped(string file) =>
        ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(CampaignConfiguration.ShippedDirectory, file)));

    /// <summary>Where the journal is, over the campaign file's own section, over akka.conf.</summary>
    public static Config Settings(Config journal, string own) => journal
        .WithFallback(ConfigurationFactory.ParseString($"akka {own}"))
        .WithFallback(Shipped("akka.conf"));

    /// <summary>Leaves the cluster in order.</summary>
    public async ValueTask DisposeAsync() => await System.Terminate();
}
