using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Cluster.Sharding;

/// <summary>Actors that are addressed by type and id and started by their first message.</summary>
public class ClusterSharding : IExtension
{
    private readonly ConcurrentDictionary<string, Lazy<IActorRef>> _regions = new();
    private readonly ExtendedActorSystem _system;

    internal ClusterSharding(ExtendedActorSystem system) => _system = system;

    public static ClusterSharding Get(ActorSystem system) => new ClusterShardingExtension().Apply(system);

    public IActorRef Start(string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Start(typeName, _ => entityProps, settings, messageExtractor);

    /// <summary>Starts the region of a type; what is sent to the region goes to the entity that the extractor names.</summary>
    public IActorRef Start(string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        _regions.GetOrAdd(typeName, _ => new(() => StartRegion(new EntityType(typeName, entityPropsFactory, settings, messageExtractor)))).Value;

    public Task<IActorRef> StartAsync(string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Task.FromResult(Start(typeName, entityProps, settings, messageExtractor));

    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Task.FromResult(Start(typeName, entityPropsFactory, settings, messageExtractor));

    /// <exception cref="ArgumentException">The type was not started.</exception>
    public IActorRef ShardRegion(string typeName) => _regions.TryGetValue(typeName, out var region)
        ? region.Value
        : throw new ArgumentException($"Shard type [{typeName}] must be started first. Started regions [{string.Join(",", _regions.Keys)}]");

    private IActorRef StartRegion(EntityType type)
    {
        var region = _system.SystemActorOf(Props.Create(() => new RegionActor(type)), $"sharding-{Uri.EscapeDataString(type.Name)}");
        var shutdown = CoordinatedShutdown.Get(_system);
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterShardingShutdownRegion, $"region-shutdown-{type.Name}", async () =>
        {
            await region.GracefulStop(shutdown.Timeout(CoordinatedShutdown.PhaseClusterShardingShutdownRegion), RegionActor.Shutdown.Instance).ConfigureAwait(false);
            return Done.Instance;
        });
        return region;
    }
}

internal sealed class ClusterShardingExtension : ExtensionIdProvider<ClusterSharding>
{
    public override ClusterSharding CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>What was said when a type was started.</summary>
internal sealed record EntityType(string Name, Func<string, Props> PropsFor, ClusterShardingSettings Settings, IMessageExtractor Extractor);
