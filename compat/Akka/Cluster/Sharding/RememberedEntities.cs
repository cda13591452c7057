using Akka.Actor;
using Akka.Persistence;

namespace Akka.Cluster.Sharding;

/// <summary>Keeps the ids of the started entities of one type in the journal.</summary>
internal sealed class RememberedEntities : ReceivePersistentActor
{
    private readonly HashSet<string> _ids = [];

    public RememberedEntities(string typeName, string journalPluginId)
    {
        PersistenceId = $"/sharding/{typeName}/remembered";
        JournalPluginId = journalPluginId;
        Recover<EntityStarted>(started => _ids.Add(started.Id));
        Recover<EntityStopped>(stopped => _ids.Remove(stopped.Id));
        Recover<RecoveryCompleted>(_ => Context.Parent.Tell(new Known([.. _ids])));
        Command<Remember>(remember => Persist(new EntityStarted(remember.Id), started => Sender.Tell(new Remembered(started.Id))));
        Command<Forget>(forget => Persist(new EntityStopped(forget.Id), _ => { }));
    }

    public override string PersistenceId { get; }

    private protected override bool UsesSnapshots => false;

    internal sealed record EntityStarted(string Id);

    internal sealed record EntityStopped(string Id);

    internal sealed record Known(string[] Ids);

    internal sealed record Remember(string Id);

    internal sealed record Remembered(string Id);

    internal sealed record Forget(string Id);
}
