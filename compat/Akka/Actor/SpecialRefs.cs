using Akka.Event;

namespace Akka.Actor;

/// <summary>The absent actor: takes everything and does nothing.</summary>
public sealed class Nobody : ActorRefBase
{
    internal Nobody()
    {
    }

    public override ActorPath Path { get; } = new(new ActorPath(new Address("akka", "all-systems")), "Nobody", 0);

    internal override void Deliver(object message, IActorRef sender)
    {
    }
}

/// <summary>Publishes what could not be delivered on the event stream.</summary>
internal sealed class DeadLetterRef(ActorPath path, EventStream events) : ActorRefBase
{
    public override ActorPath Path => path;

    internal override void Deliver(object message, IActorRef sender) => Deliver(message, sender, this);

    internal void Deliver(object message, IActorRef sender, IActorRef recipient)
    {
        if (message is DeadLetter letter) events.Publish(letter);
        else if (message is not IDeadLetterSuppression) events.Publish(new DeadLetter(message, sender ?? this, recipient));
    }
}

/// <summary>Calls back when a watched actor ends; used where no actor is there to do the watching.</summary>
internal sealed class WatcherRef(ActorPath path, Action<ActorRefBase> onTerminated) : ActorRefBase
{
    public override ActorPath Path => path;

    internal override void Deliver(object message, IActorRef sender)
    {
    }

    internal override void Send(SystemMessage message)
    {
        if (message is DeathWatchNotification notification) onTerminated(notification.Actor);
    }
}

/// <summary>Where the answer to an ask goes: the first message completes the task, later ones are dead letters.</summary>
internal sealed class AskRef<T>(ActorSystem system, ActorPath path, TaskCompletionSource<T> answer) : ActorRefBase
{
    public override ActorPath Path => path;

    internal override void Deliver(object message, IActorRef sender)
    {
        var taken = message switch
        {
            T result => answer.TrySetResult(result),
            Status.Failure failure => answer.TrySetException(failure.Cause ?? new TaskCanceledException("The actor answered with a failure that has no cause.")),
            _ => answer.TrySetException(new ArgumentException($"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")),
        };
        if (!taken && !answer.Task.IsCanceled) system.DeadLetters.Tell(message, this);
    }
}
