namespace IterativeDpo.Actors.Persistence;

/// <summary>The events in a campaign's database.</summary>
internal sealed class EventTable(SqliteDatabase database)
{
    /// <summary>Adds events: all of them or none.</summary>
    /// <exception cref="StateDatabaseException">They could not be written, or one of that number is there already.</exception>
    public void Append(IReadOnlyCollection<StoredEvent> events) => database.InTransaction(() =>
    {
        var insert = database.Statement(
            "INSERT INTO event (persistence_id, sequence_nr, serializer_id, manifest, payload) VALUES (?, ?, ?, ?, ?)");
        foreach (var (id, sequenceNr, payload) in events)
        {
            insert.Execute(id, sequenceNr, (long)payload.SerializerId, payload.Manifest, payload.Bytes);
        }
    });

    /// <summary>Events of one entity, in order.</summary>
    /// <param name="max">Most events to read.</param>
    public List<StoredEvent> Read(string persistenceId, long fromSequenceNr, long toSequenceNr, long max) => database
        .Statement(
            """
            SELECT sequence_nr, serializer_id, manifest, payload FROM event
            WHERE persistence_id = ? AND sequence_nr BETWEEN ? AND ? ORDER BY sequence_nr LIMIT ?
            """)
        .Query(
            row => new StoredEvent(persistenceId, row.Int64(0), new StoredPayload((int)row.Int64(1), row.Text(2), row.Blob(3))),
            persistenceId,
            fromSequenceNr,
            toSequenceNr,
            max);

    /// <summary>Whose events there are.</summary>
    public List<string> PersistenceIds() => database.Statement("SELECT DISTINCT persistence_id FROM event").Query(row => row.Text(0));

    /// <summary>The number of the last event ever written, deleted ones included; 0 if there was none.</summary>
    public long HighestSequenceNr(string persistenceId) => database
        .Statement(
            """
            SELECT max(
                coalesce((SELECT max(sequence_nr) FROM event WHERE persistence_id = ?1), 0),
                coalesce((SELECT sequence_nr FROM deleted WHERE persistence_id = ?1), 0))
            """)
        .Query(row => row.Int64(0), persistenceId)
        .Single();

    /// <summary>Deletes the events up to this one. Their numbers are not given again.</summary>
    public void DeleteTo(string persistenceId, long toSequenceNr) => database.InTransaction(() =>
    {
        var last = Math.Min(toSequenceNr, HighestSequenceNr(persistenceId));
        database.Statement(
            """
            INSERT INTO deleted (persistence_id, sequence_nr) VALUES (?1, ?2)
            ON CONFLICT (persistence_id) DO UPDATE SET sequence_nr = max(sequence_nr, ?2)
            """).Execute(persistenceId, last);
        database.Statement("DELETE FROM event WHERE persistence_id = ? AND sequence_nr <= ?").Execute(persistenceId, last);
    });
}
