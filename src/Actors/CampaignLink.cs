using Akka.Actor;
using Akka.Cluster.Sharding;
using IterativeDpo.Actors.Protocol;

namespace IterativeDpo.Actors;

/// <summary>How to reach a campaign wherever it runs.</summary>
/// <param name="Region">The shard region of all campaigns.</param>
public sealed record CampaignLink(IActorRef Region, string Campaign)
{
    public void Tell(IClusterMessage message, IActorRef sender) => Region.Tell(new ShardingEnvelope(Campaign, message), sender);
}

/// <summary>Finds the campaign that a message in a <see cref="ShardingEnvelope"/> is for.</summary>
internal sealed class CampaignExtractor() : HashCodeMessageExtractor(MaxShards)
{
    private const int MaxShards = 32;

    /// <remarks>Akka takes the id out of a <see cref="ShardingEnvelope"/>, and the message too, before it asks here.</remarks>
    public override string? EntityId(object message) => null;

    public override object EntityMessage(object message) => message;
}
