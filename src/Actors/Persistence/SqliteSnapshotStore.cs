using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Snapshot;

namespace IterativeDpo.Actors.Persistence;

/// <summary>Akka.Persistence's snapshot store in a campaign's database.</summary>
public sealed class SqliteSnapshotStore : SnapshotStore
{
    private readonly SharedDatabase _shared;
    private readonly SnapshotTable _snapshots;
    private readonly PayloadCodec _codec;

    /// <param name="config">The plug-in's own section; <c>path</c> is the database file.</param>
    public SqliteSnapshotStore(Config config)
    {
        _shared = SharedDatabase.Join(config.GetString("path"));
        _snapshots = new SnapshotTable(_shared.Database);
        _codec = new PayloadCodec(Context.System.Serialization);
    }

    protected override Task<SelectedSnapshot> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        _shared.Database.RunAsync(() => _snapshots.Latest(persistenceId, BoundsOf(criteria)) is { } stored
            ? new SelectedSnapshot(
                new SnapshotMetadata(persistenceId, stored.SequenceNr, new DateTime(stored.TimestampTicks, DateTimeKind.Utc)),
                _codec.Read(stored.Payload))
            : null!);

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var stored = new StoredSnapshot(metadata.PersistenceId, metadata.SequenceNr, metadata.Timestamp.Ticks, _codec.Write(snapshot));
        return _shared.Database.RunAsync(() => _snapshots.Save(stored));
    }

    /// <remarks>A metadata without a time means the snapshot of that number, whenever it was taken.</remarks>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        var bounds = new SnapshotBounds(metadata.SequenceNr, metadata.SequenceNr);
        return _shared.Database.RunAsync(() => _snapshots.Delete(
            metadata.PersistenceId,
            metadata.Timestamp == DateTime.MinValue
                ? bounds
                : bounds with { MinTicks = metadata.Timestamp.Ticks, MaxTicks = metadata.Timestamp.Ticks }));
    }

    protected override Task DeleteAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        _shared.Database.RunAsync(() => _snapshots.Delete(persistenceId, BoundsOf(criteria)));

    protected override void PostStop()
    {
        _shared.Dispose();
        base.PostStop();
    }

    private static SnapshotBounds BoundsOf(SnapshotSelectionCriteria criteria) => new(
        criteria.MinSequenceNr,
        criteria.MaxSequenceNr,
        criteria.MinTimestamp?.Ticks ?? 0,
        criteria.MaxTimeStamp.Ticks);
}
