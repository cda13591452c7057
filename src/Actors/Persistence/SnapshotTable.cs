namespace IterativeDpo.Actors.Persistence;

/// <summary>The snapshots in a campaign's database. Bounds of sequence numbers and times are inclusive.</summary>
internal sealed class SnapshotTable(SqliteDatabase database)
{
    private const string Within = "persistence_id = ? AND sequence_nr BETWEEN ? AND ? AND timestamp_ticks BETWEEN ? AND ?";

    /// <summary>Keeps a snapshot, in place of one of the same number.</summary>
    public void Save(StoredSnapshot snapshot) => database.InTransaction(() => database
        .Statement(
            """
            INSERT OR REPLACE INTO snapshot (persistence_id, sequence_nr, timestamp_ticks, serializer_id, manifest, payload)
            VALUES (?, ?, ?, ?, ?, ?)
            """)
        .Execute(
            snapshot.PersistenceId,
            snapshot.SequenceNr,
            snapshot.TimestampTicks,
            (long)snapshot.Payload.SerializerId,
            snapshot.Payload.Manifest,
            snapshot.Payload.Bytes));

    /// <summary>The latest snapshot within the bounds, or null.</summary>
    public StoredSnapshot? Latest(string persistenceId, SnapshotBounds bounds) => database
        .Statement(
            $"""
            SELECT sequence_nr, timestamp_ticks, serializer_id, manifest, payload FROM snapshot
            WHERE {Within} ORDER BY sequence_nr DESC LIMIT 1
            """)
        .Query(
            row => new StoredSnapshot(
                persistenceId, row.Int64(0), row.Int64(1), new StoredPayload((int)row.Int64(2), row.Text(3), row.Blob(4))),
            persistenceId,
            bounds.MinSequenceNr,
            bounds.MaxSequenceNr,
            bounds.MinTicks,
            bounds.MaxTicks)
        .SingleOrDefault();

    public void Delete(string persistenceId, SnapshotBounds bounds) => database.InTransaction(() => database
        .Statement($"DELETE FROM snapshot WHERE {Within}")
        .Execute(persistenceId, bounds.MinSequenceNr, bounds.MaxSequenceNr, bounds.MinTicks, bounds.MaxTicks));
}

/// <summary>Which snapshots are meant; the default is all.</summary>
internal readonly record struct SnapshotBounds(
    long MinSequenceNr = 0,
    long MaxSequenceNr = long.MaxValue,
    long MinTicks = 0,
    long MaxTicks = long.MaxValue)
{
    public static SnapshotBounds All { get; } = new(0);
}
