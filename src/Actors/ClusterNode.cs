using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>This process as a node of a cluster, with campaigns as its sharded entities: the one place where an actor system starts and ends.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private const string SystemName = "iterative-dpo";

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
    public static async Task<ClusterNode> StartAsync(Config settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var hosting = CampaignHosting.InOneProcess(time);
        var system = ActorSystem.Create(SystemName, settings);
        try
        {
            var cluster = Cluster.Get(system);
            // Akka calls a join that was cancelled a failed one; to us it is an interruption.
            await cluster.JoinAsync(cluster.SelfAddress, CancellationToken.None).WaitAsync(cancellationToken);
            return new ClusterNode(system, await ClusterSharding.Get(system).StartAsync(
                "campaign",
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

    /// <summary>Where the journal is, over the campaign file's own section, over akka.conf.</summary>
    public static Config Settings(Config journal, string own) => journal
        .WithFallback(ConfigurationFactory.ParseString($"akka {own}"))
        .WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(CampaignConfiguration.ShippedDirectory, "akka.conf"))));

    /// <summary>Leaves the cluster in order.</summary>
    public async ValueTask DisposeAsync() => await System.Terminate();
}
