using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence;

/// <summary>Starts the journals and snapshot stores that persistent actors ask for, each once.</summary>
internal sealed class PersistenceExtension(ExtendedActorSystem system) : IExtension
{
    private readonly ConcurrentDictionary<string, Lazy<IActorRef>> _plugins = new();

    internal IActorRef JournalFor(string pluginId) => PluginFor(JournalIdFor(pluginId), "akka.persistence.journal-plugin-fallback");

    internal IActorRef SnapshotStore() => PluginFor(
        system.Settings.Config.GetString("akka.persistence.snapshot-store.plugin"), "akka.persistence.snapshot-store-plugin-fallback");

    internal TimeSpan RecoveryEventTimeoutFor(string journalPluginId) =>
        ConfigFor(JournalIdFor(journalPluginId), "akka.persistence.journal-plugin-fallback").GetTimeSpan("recovery-event-timeout");

    private string JournalIdFor(string pluginId) =>
        string.IsNullOrEmpty(pluginId) ? system.Settings.Config.GetString("akka.persistence.journal.plugin") : pluginId;

    private Config ConfigFor(string path, string fallbackPath)
    {
        var config = string.IsNullOrEmpty(path) ? null : system.Settings.Config.GetConfig(path);
        if (config is null) throw new ArgumentException($"Persistence config is missing plugin config path for: {path}");
        return config.SafeWithFallback(system.Settings.Config.GetConfig(fallbackPath));
    }

    private IActorRef PluginFor(string path, string fallbackPath) => _plugins.GetOrAdd(path, _ => new(() =>
    {
        var config = ConfigFor(path, fallbackPath);
        var name = config.GetString("class");
        if (string.IsNullOrEmpty(name)) throw new ArgumentException($"Plugin class name must be defined in config property [{path}.class]");
        var type = TypeNames.Find(name) ?? throw new TypeLoadException($"Could not load type '{name}'.");
        object[] arguments = type.GetConstructor([typeof(Config)]) is null ? [] : [config];
        return system.SystemActorOf(Props.Create(type, arguments), path);
    })).Value;
}

internal sealed class Persistence : ExtensionIdProvider<PersistenceExtension>
{
    public override PersistenceExtension CreateExtension(ExtendedActorSystem system) => new(system);
}
