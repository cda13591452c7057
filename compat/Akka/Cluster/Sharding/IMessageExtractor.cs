namespace Akka.Cluster.Sharding;

/// <summary>Says which entity a message is for.</summary>
public interface IMessageExtractor
{
    /// <summary>The entity's id; null if the message is for none.</summary>
    string EntityId(object message);

    /// <summary>What the entity is to get, where the message is only an envelope.</summary>
    object EntityMessage(object message);

    string ShardId(object message);

    string ShardId(string entityId, object messageHint = null);
}

/// <summary>Spreads entities over a fixed number of shards by the hash of their id.</summary>
public abstract class HashCodeMessageExtractor : IMessageExtractor
{
    private readonly int _maxNumberOfShards;

    protected HashCodeMessageExtractor(int maxNumberOfShards) => _maxNumberOfShards = maxNumberOfShards;

    public static HashCodeMessageExtractor Create(
        int maxNumberOfShards, Func<object, string> entityIdExtractor, Func<object, object> messageExtractor = null) =>
        new ByFunctions(maxNumberOfShards, entityIdExtractor, messageExtractor);

    public abstract string EntityId(object message);

    public virtual object EntityMessage(object message) => message;

    public virtual string ShardId(object message) => EntityId(message) is { } id ? ShardId(id, message) : null;

    public virtual string ShardId(string entityId, object messageHint = null) =>
        (entityId.Aggregate(17u, (hash, c) => hash * 31 + c) % _maxNumberOfShards).ToString();

    private sealed class ByFunctions(int maxNumberOfShards, Func<object, string> entityId, Func<object, object> entityMessage)
        : HashCodeMessageExtractor(maxNumberOfShards)
    {
        public override string EntityId(object message) => entityId(message);

        public override object EntityMessage(object message) => entityMessage is null ? message : entityMessage(message);
    }
}
