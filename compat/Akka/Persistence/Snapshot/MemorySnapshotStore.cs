namespace Akka.Persistence.Snapshot;

/// <summary>Keeps snapshots for as long as the actor system lives. Every call is on the store actor's thread and ends at once.</summary>
internal sealed class MemorySnapshotStore : SnapshotStore
{
    private readonly List<SelectedSnapshot> _snapshots = [];

    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        Task.FromResult(_snapshots.Where(snapshot => IsMatch(snapshot.Metadata, persistenceId, criteria)).MaxBy(snapshot => snapshot.Metadata.SequenceNr));

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        _snapshots.RemoveAll(saved => saved.Metadata.PersistenceId == metadata.PersistenceId && saved.Metadata.SequenceNr == metadata.SequenceNr);
        _snapshots.Add(new SelectedSnapshot(metadata, snapshot));
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata)
    {
        _snapshots.RemoveAll(saved => saved.Metadata.PersistenceId == metadata.PersistenceId && saved.Metadata.SequenceNr == metadata.SequenceNr);
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        _snapshots.RemoveAll(saved => IsMatch(saved.Metadata, persistenceId, criteria));
        return Task.CompletedTask;
    }

    private static bool IsMatch(SnapshotMetadata metadata, string persistenceId, SnapshotSelectionCriteria criteria) =>
        metadata.PersistenceId == persistenceId && criteria.IsMatch(metadata);
}
