namespace Akka.Actor;

/// <summary>The handle on an actor of this process.</summary>
internal sealed class LocalActorRef : ActorRefBase
{
    internal LocalActorRef(ActorSystem system, Props props, ActorRefBase parent, ActorPath path)
    {
        Path = path;
        Parent = parent;
        Cell = new ActorCell(system, props, this);
    }

    public override ActorPath Path { get; }

    internal ActorRefBase Parent { get; }

    internal ActorCell Cell { get; }

    internal override void Deliver(object message, IActorRef sender) => Cell.Mailbox.Post(new Envelope(message, sender));

    internal override void Send(SystemMessage message) => Cell.Mailbox.Post(message);
}
