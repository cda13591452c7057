using Akka.Actor;

namespace Akka.Persistence.Snapshot;

/// <summary>Base of snapshot stores: it speaks with the persistent actors, its heirs with a storage.</summary>
public abstract class SnapshotStore : ActorBase
{
    /// <summary>The newest snapshot that matches, or null.</summary>
    protected abstract Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    protected abstract Task SaveAsync(SnapshotMetadata metadata, object snapshot);

    protected abstract Task DeleteAsync(SnapshotMetadata metadata);

    protected abstract Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    protected virtual bool ReceivePluginInternal(object message) => false;

    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case LoadSnapshot load when load.Criteria == SnapshotSelectionCriteria.None:
                Sender.Tell(new LoadSnapshotResult(null));
                return true;
            case LoadSnapshot load:
                _ = LoadAsync(load.PersistenceId, load.Criteria).PipeTo(
                    Sender, Self, snapshot => new LoadSnapshotResult(snapshot), cause => new LoadSnapshotFailed(cause));
                return true;
            case SaveSnapshot save:
                _ = Save(save).PipeTo(Sender, Self, () => new SaveSnapshotSuccess(save.Metadata), cause => new SaveSnapshotFailure(save.Metadata, cause));
                return true;
            case DeleteSnapshots delete:
                _ = DeleteAsync(delete.PersistenceId, delete.Criteria).PipeTo(
                    Sender, Self, () => new DeleteSnapshotsSuccess(), cause => new DeleteSnapshotsFailure(cause));
                return true;
            default:
                return ReceivePluginInternal(message);
        }
    }

    private async Task Save(SaveSnapshot save)
    {
        try
        {
            await SaveAsync(save.Metadata, save.Snapshot).ConfigureAwait(false);
        }
        catch
        {
            // Nothing half-written may be found later.
            await DeleteAsync(save.Metadata).ConfigureAwait(false);
            throw;
        }
    }
}
