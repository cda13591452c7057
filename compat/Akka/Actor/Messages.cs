namespace Akka.Actor;

/// <summary>A message that the runtime handles before the actor sees it.</summary>
internal interface IAutoReceivedMessage;

/// <summary>A message that does not restart the receive timeout.</summary>
internal interface INotInfluenceReceiveTimeout;

/// <summary>Stops the actor once it has handled what is in its mailbox.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, Event.IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    public static PoisonPill Instance { get; } = new();
}

/// <summary>Makes the actor fail with an <see cref="ActorKilledException"/>.</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill()
    {
    }

    public static Kill Instance { get; } = new();
}

/// <summary>A watched actor has ended.</summary>
public sealed class Terminated : IAutoReceivedMessage, Event.IDeadLetterSuppression
{
    internal Terminated(IActorRef actorRef, bool existenceConfirmed)
    {
        ActorRef = actorRef;
        ExistenceConfirmed = existenceConfirmed;
    }

    public IActorRef ActorRef { get; }

    /// <summary>False for an actor that had ended before it was watched.</summary>
    public bool ExistenceConfirmed { get; }

    public override string ToString() => $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>Asks an actor for its reference; a dead one answers with <see cref="ActorRefs.Nobody"/>.</summary>
internal sealed class Identify(object messageId) : IAutoReceivedMessage, INotInfluenceReceiveTimeout
{
    public object MessageId { get; } = messageId;
}

internal sealed class ActorIdentity(object messageId, IActorRef subject)
{
    public object MessageId { get; } = messageId;

    public IActorRef Subject { get; } = subject;
}

/// <summary>No message came for the time the actor set.</summary>
public sealed class ReceiveTimeout
{
    private ReceiveTimeout()
    {
    }

    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>An answer that says whether something worked.</summary>
public abstract class Status
{
    /// <summary>It did not: an ask that gets this throws the cause.</summary>
    public sealed class Failure(Exception cause) : Status
    {
        public readonly Exception Cause = cause;

        public override string ToString() => $"Failure: {Cause}";
    }
}
