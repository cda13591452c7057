using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster;

/// <summary>A cluster of one: this node, which is up as soon as it has joined itself.</summary>
public class Cluster : IExtension
{
    private readonly Lock _lock = new();
    private readonly List<Action> _onUp = [];
    private bool _isUp;

    internal Cluster(ExtendedActorSystem system)
    {
        var provider = system.Settings.Config.GetString("akka.actor.provider");
        if (provider != "cluster" && !provider.StartsWith("Akka.Cluster.", StringComparison.Ordinal))
            throw new ConfigurationException($"ActorSystem needs to have 'akka.actor.provider' set to cluster, but it is [{provider}].");
        SelfAddress = system.RootPath.Address;
        if (system.Settings.Config.GetStringList("akka.cluster.seed-nodes").Count > 0) Join(SelfAddress);
    }

    public Address SelfAddress { get; }

    public static Cluster Get(ActorSystem system) => new ClusterExtension().Apply(system);

    public void Join(Address address)
    {
        if (!SelfAddress.Equals(address)) throw new NotSupportedException($"Only this node, [{SelfAddress}], can be joined; clusters over several nodes need the Akka.Cluster package.");
        List<Action> callbacks;
        lock (_lock)
        {
            _isUp = true;
            callbacks = [.. _onUp];
            _onUp.Clear();
        }

        foreach (var callback in callbacks) callback();
    }

    public Task JoinAsync(Address address, CancellationToken token = default)
    {
        Join(address);
        return token.IsCancellationRequested ? Task.FromException(new ClusterJoinFailedException($"Joining {address} was cancelled.")) : Task.CompletedTask;
    }

    /// <summary>Runs <paramref name="callback"/> once this node is up, or now if it is.</summary>
    internal void RegisterOnMemberUp(Action callback)
    {
        lock (_lock)
        {
            if (!_isUp)
            {
                _onUp.Add(callback);
                return;
            }
        }

        callback();
    }
}

internal sealed class ClusterExtension : ExtensionIdProvider<Cluster>
{
    public override Cluster CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>The node did not become a member of the cluster.</summary>
internal class ClusterJoinFailedException(string message) : AkkaException(message);
