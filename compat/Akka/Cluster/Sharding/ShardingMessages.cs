namespace Akka.Cluster.Sharding;

/// <summary>
/// Sent by an entity to its parent: stop me with that message. What comes for the entity meanwhile is kept, and starts it again.
/// </summary>
public sealed class Passivate(object stopMessage)
{
    internal object StopMessage { get; } = stopMessage;
}

public sealed class ShardRegion
{
    private ShardRegion()
    {
    }

    /// <summary>Starts an entity without a message for it.</summary>
    public sealed class StartEntity(string entityId)
    {
        internal readonly string EntityId = entityId;
    }

    internal sealed record StartEntityAck(string EntityId) : Event.IDeadLetterSuppression;
}
