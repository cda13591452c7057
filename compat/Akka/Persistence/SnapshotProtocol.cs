namespace Akka.Persistence;

/// <summary>Whose snapshot it is, after which event it was taken, and when.</summary>
public sealed class SnapshotMetadata
{
    public SnapshotMetadata(string persistenceId, long sequenceNr, DateTime timestamp)
    {
        PersistenceId = persistenceId;
        SequenceNr = sequenceNr;
        Timestamp = timestamp;
    }

    public string PersistenceId { get; }

    public long SequenceNr { get; }

    public DateTime Timestamp { get; }
}

public sealed class SelectedSnapshot(SnapshotMetadata metadata, object snapshot)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public object Snapshot { get; } = snapshot;
}

/// <summary>A snapshot, offered to a recovering actor before the events after it.</summary>
public sealed class SnapshotOffer(SnapshotMetadata metadata, object snapshot)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public object Snapshot { get; } = snapshot;
}

/// <summary>Which snapshots are meant: those within all four bounds.</summary>
public sealed class SnapshotSelectionCriteria
{
    public SnapshotSelectionCriteria(long maxSequenceNr, DateTime maxTimeStamp, long minSequenceNr = 0L, DateTime? minTimestamp = null)
    {
        MaxSequenceNr = maxSequenceNr;
        MaxTimeStamp = maxTimeStamp;
        MinSequenceNr = minSequenceNr;
        MinTimestamp = minTimestamp ?? DateTime.MinValue;
    }

    public SnapshotSelectionCriteria(long maxSequenceNr)
        : this(maxSequenceNr, DateTime.MaxValue)
    {
    }

    public static SnapshotSelectionCriteria Latest { get; } = new(long.MaxValue);

    public static SnapshotSelectionCriteria None { get; } = new(0L, DateTime.MinValue);

    public long MaxSequenceNr { get; }

    public DateTime MaxTimeStamp { get; }

    public long MinSequenceNr { get; }

    public DateTime? MinTimestamp { get; }

    internal bool IsMatch(SnapshotMetadata metadata) =>
        metadata.SequenceNr <= MaxSequenceNr && metadata.SequenceNr >= MinSequenceNr
        && metadata.Timestamp <= MaxTimeStamp && metadata.Timestamp >= MinTimestamp;
}

public sealed class SaveSnapshotSuccess(SnapshotMetadata metadata)
{
    public SnapshotMetadata Metadata { get; } = metadata;
}

public sealed class SaveSnapshotFailure(SnapshotMetadata metadata, Exception cause)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public Exception Cause { get; } = cause;
}

public sealed class DeleteSnapshotsSuccess
{
    internal DeleteSnapshotsSuccess()
    {
    }
}

public sealed class DeleteSnapshotsFailure
{
    internal DeleteSnapshotsFailure(Exception cause) => Cause = cause;

    public Exception Cause { get; }
}

internal sealed record LoadSnapshot(string PersistenceId, SnapshotSelectionCriteria Criteria);

internal sealed record LoadSnapshotResult(SelectedSnapshot Snapshot);

internal sealed record LoadSnapshotFailed(Exception Cause);

internal sealed record SaveSnapshot(SnapshotMetadata Metadata, object Snapshot);

internal sealed record DeleteSnapshots(string PersistenceId, SnapshotSelectionCriteria Criteria);
