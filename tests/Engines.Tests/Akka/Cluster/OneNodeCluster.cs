using Akka.Actor;

namespace IterativeDpo.Engines.Tests.Akka.Cluster;

/// <summary>A cluster whose only node is the actor system of the test.</summary>
internal static class OneNodeCluster
{
    internal const string Config =
        """
        akka {
          loglevel = WARNING
          actor.provider = cluster
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
          }
          persistence {
            journal.plugin = "akka.persistence.journal.inmem"
            snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
          }
          cluster.sharding {
            remember-entities-store = eventsourced
            state-store-mode = persistence
            entity-restart-backoff = 200ms
          }
        }
        """;

    internal static void Join(ActorSystem system)
    {
        var cluster = global::Akka.Cluster.Cluster.Get(system);
        cluster.Join(cluster.SelfAddress);
    }
}
