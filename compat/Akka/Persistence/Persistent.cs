using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Something on its way to a journal.</summary>
internal interface IPersistentEnvelope
{
    object Payload { get; }

    IActorRef Sender { get; }
}

/// <summary>Events that a journal must write all or none of.</summary>
public sealed class AtomicWrite : IPersistentEnvelope
{
    public AtomicWrite(IPersistentRepresentation @event)
        : this(ImmutableArray.Create(@event))
    {
    }

    public AtomicWrite(IImmutableList<IPersistentRepresentation> payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (payload.Count == 0) throw new ArgumentException("Payload of AtomicWrite must not be empty.", nameof(payload));
        Payload = payload;
        PersistenceId = payload[0].PersistenceId;
        HighestSequenceNr = payload[^1].SequenceNr;
    }

    /// <summary>An <see cref="IImmutableList{T}"/> of <see cref="IPersistentRepresentation"/>.</summary>
    public object Payload { get; }

    IActorRef IPersistentEnvelope.Sender => ActorRefs.NoSender;

    public string PersistenceId { get; }

    internal long HighestSequenceNr { get; }
}

/// <summary>An event as journals see it.</summary>
public interface IPersistentRepresentation
{
    object Payload { get; }

    string Manifest { get; }

    string PersistenceId { get; }

    /// <summary>Counts the events of one persistence id, from 1.</summary>
    long SequenceNr { get; }

    /// <summary>Tells the incarnations of a persistent actor apart.</summary>
    string WriterGuid { get; }

    bool IsDeleted { get; }

    IActorRef Sender { get; }

    /// <summary>When it was written, as the journal that wrote it counts time; 0 if it keeps none.</summary>
    long Timestamp { get; }
}

public class Persistent(
    object payload,
    long sequenceNr = 0L,
    string persistenceId = null,
    string manifest = null,
    bool isDeleted = false,
    IActorRef sender = null,
    string writerGuid = null,
    long timestamp = 0L) : IPersistentRepresentation
{
    public object Payload { get; } = payload;

    public long SequenceNr { get; } = sequenceNr;

    public string PersistenceId { get; } = persistenceId ?? "";

    public string Manifest { get; } = manifest ?? "";

    public bool IsDeleted { get; } = isDeleted;

    public IActorRef Sender { get; } = sender;

    public string WriterGuid { get; } = writerGuid ?? "";

    public long Timestamp { get; } = timestamp;
}

/// <summary>Goes through the journal for its place in the order only.</summary>
internal sealed record Deferred(object Payload, IActorRef Sender) : IPersistentEnvelope;
