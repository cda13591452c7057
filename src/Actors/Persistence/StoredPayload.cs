namespace IterativeDpo.Actors.Persistence;

/// <summary>An event or a snapshot as it lies in the database: bytes, and who can read them.</summary>
internal sealed record StoredPayload(int SerializerId, string Manifest, byte[] Bytes);

/// <summary>An event of one entity.</summary>
internal sealed record StoredEvent(string PersistenceId, long SequenceNr, StoredPayload Payload);

/// <summary>A snapshot of one entity, taken after the event of this number.</summary>
internal sealed record StoredSnapshot(string PersistenceId, long SequenceNr, long TimestampTicks, StoredPayload Payload);
