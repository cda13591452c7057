namespace Akka.Cluster.Sharding;

/// <summary>A message with the id of the entity it is for.</summary>
public sealed class ShardingEnvelope(string entityId, object message)
{
    public string EntityId { get; } = entityId;

    public object Message { get; } = message;

    public override string ToString() => $"ShardingEnvelope({EntityId}, {Message})";
}
