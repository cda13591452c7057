using Akka.Actor;

namespace Akka.Persistence;

/// <summary>What persistent actors and journals say to each other. Journals answer a batch with its outcome, then one message per event.</summary>
internal abstract record JournalMessage;

internal sealed record WriteMessages(IReadOnlyList<IPersistentEnvelope> Messages, IActorRef PersistentActor, int Instance) : JournalMessage;

internal sealed record BatchWritten(int Instance) : JournalMessage;

internal sealed record WriteMessageSuccess(IPersistentRepresentation Persistent, int Instance) : JournalMessage;

internal sealed record WriteMessageRejected(IPersistentRepresentation Persistent, Exception Cause, int Instance) : JournalMessage;

internal sealed record WriteMessageFailure(IPersistentRepresentation Persistent, Exception Cause, int Instance) : JournalMessage;

internal sealed record LoopMessageSuccess(object Message, int Instance) : JournalMessage;

internal sealed record ReplayMessages(long FromSequenceNr, string PersistenceId, IActorRef PersistentActor) : JournalMessage;

internal sealed record ReplayedMessage(IPersistentRepresentation Persistent) : JournalMessage;

internal sealed record RecoverySuccess(long HighestSequenceNr) : JournalMessage;

internal sealed record ReplayMessagesFailure(Exception Cause) : JournalMessage;

internal sealed record DeleteMessagesTo(string PersistenceId, long ToSequenceNr, IActorRef PersistentActor) : JournalMessage;

/// <summary>Asks a recovering actor whether anything has come since the last tick.</summary>
internal sealed record RecoveryTick(int Instance) : JournalMessage;

/// <summary>The journal has deleted the events up to a sequence number.</summary>
public sealed class DeleteMessagesSuccess(long toSequenceNr)
{
    public long ToSequenceNr { get; } = toSequenceNr;
}

public sealed class DeleteMessagesFailure(Exception cause, long toSequenceNr)
{
    public Exception Cause { get; } = cause;

    public long ToSequenceNr { get; } = toSequenceNr;
}
