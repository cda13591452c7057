namespace Akka.Actor;

public interface IActorRefFactory
{
    /// <summary>Starts an actor. A name must be free among its siblings; without one the runtime picks it.</summary>
    IActorRef ActorOf(Props props, string name = null);

    ActorSelection ActorSelection(string actorPath);
}

public interface ICanWatch
{
    /// <summary>Asks for a <see cref="Terminated"/> message when <paramref name="subject"/> has ended, or has already.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>As <see cref="Watch"/>, with a message of one's own in place of <see cref="Terminated"/>.</summary>
    IActorRef WatchWith(IActorRef subject, object message);

    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor sees of the runtime. Valid inside its message handlers only.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    IActorRef Self { get; }

    Props Props { get; }

    IActorRef Sender { get; }

    ActorSystem System { get; }

    IActorRef Parent { get; }

    TimeSpan? ReceiveTimeout { get; }

    void Become(Receive receive);

    void BecomeStacked(Receive receive);

    void UnbecomeStacked();

    IActorRef Child(string name);

    IEnumerable<IActorRef> GetChildren();

    /// <summary>Sends <see cref="Actor.ReceiveTimeout"/> to this actor whenever no message came for so long; null turns it off.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    void Stop(IActorRef child);
}

public interface IUntypedActorContext : IActorContext
{
    void Become(UntypedReceive receive);

    void BecomeStacked(UntypedReceive receive);
}

/// <summary>A behaviour: true if it handled the message.</summary>
public delegate bool Receive(object message);

public delegate void UntypedReceive(object message);

public static class ActorRefFactoryExtensions
{
    public static IActorRef ActorOf<TActor>(this IActorRefFactory factory, string name = null)
        where TActor : ActorBase, new() => factory.ActorOf(Props.Create<TActor>(), name);
}
