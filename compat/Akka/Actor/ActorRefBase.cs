namespace Akka.Actor;

/// <summary>What the runtime asks of every reference besides taking messages.</summary>
public abstract class ActorRefBase : IActorRef
{
    private protected ActorRefBase()
    {
    }

    public abstract ActorPath Path { get; }

    public void Tell(object message, IActorRef sender)
    {
        if (message is null) throw new InvalidMessageException("Message is null");
        Deliver(message, sender);
    }

    public bool Equals(IActorRef other) => ReferenceEquals(this, other);

    public override bool Equals(object obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => base.GetHashCode();

    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    internal abstract void Deliver(object message, IActorRef sender);

    internal virtual void Send(SystemMessage message)
    {
        if (message is Watch watch) watch.Watcher.Send(new DeathWatchNotification(this, ExistenceConfirmed: false));
    }
}
