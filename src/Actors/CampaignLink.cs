using Akka;
using Akka.Actor;
using Akka.Cluster.Sharding;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>How to reach campaigns wherever they run.</summary>
/// <param name="region">The shard region of all campaigns, or a proxy of it.</param>
public sealed class CampaignLink(IActorRef region)
{
    private volatile bool _closed;

    public void Tell(string campaign, ICampaignMessage message, IActorRef sender)
    {
        if (!_closed)
        {
            region.Tell(new ShardingEnvelope(campaign, message), sender);
        }
    }

    /// <summary>Asks a campaign for what follows from a command: <see cref="CampaignAccepted"/> or <see cref="CampaignFailed"/>.</summary>
    /// <exception cref="AskTimeoutException">No coordinator answers.</exception>
    public Task<ICampaignMessage> AskAsync(
        string campaign,
        CampaignCommand command,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => region.Ask<ICampaignMessage>(new ShardingEnvelope(campaign, command), timeout, cancellationToken);

    /// <summary>
    /// Sends nothing more once the system shuts down. A region that has handed its shards over keeps what still comes for them, and waits
    /// with stopping until somebody takes it.
    /// </summary>
    public void CloseOnShutdown(ActorSystem system) => CoordinatedShutdown.Get(system).AddTask(
        CoordinatedShutdown.PhaseBeforeServiceUnbind,
        "close-campaign-link",
        () =>
        {
            _closed = true;
            return Task.FromResult(Done.Instance);
        });
}

/// <summary>Finds the campaign that a message in a <see cref="ShardingEnvelope"/> is for.</summary>
internal sealed class CampaignExtractor() : HashCodeMessageExtractor(MaxShards)
{
    private const int MaxShards = 32;

    /// <remarks>Akka takes the id out of a <see cref="ShardingEnvelope"/>, and the message too, before it asks here.</remarks>
    public override string? EntityId(object message) => null;

    public override object EntityMessage(object message) => message;
}
