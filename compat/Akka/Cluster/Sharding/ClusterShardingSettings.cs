using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Sharding;

/// <summary>How the entities of one type are kept.</summary>
public sealed class ClusterShardingSettings
{
    private ClusterShardingSettings(bool rememberEntities, Config config)
    {
        RememberEntities = rememberEntities;
        Config = config;
    }

    /// <summary>Whether entities that were started are started again, without a message, after a crash or a restart.</summary>
    internal bool RememberEntities { get; }

    internal Config Config { get; }

    /// <summary>Entities that were started are known to the next process too.</summary>
    internal bool RememberInJournal => RememberEntities && (Config.GetString("state-store-mode") == "persistence" || Config.GetString("remember-entities-store") == "eventsourced");

    internal string JournalPluginId => Config.GetString("journal-plugin-id");

    internal TimeSpan EntityRestartBackoff => Config.GetTimeSpan("entity-restart-backoff");

    public static ClusterShardingSettings Create(ActorSystem system)
    {
        var config = system.Settings.Config.GetConfig("akka.cluster.sharding");
        return new ClusterShardingSettings(config.GetBoolean("remember-entities"), config);
    }

    public ClusterShardingSettings WithRememberEntities(bool rememberEntities) => new(rememberEntities, Config);
}
