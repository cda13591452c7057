using Akka.Event;

namespace Akka.Actor;

/// <summary>What every actor has: its behaviour, the hooks of its life, and the failures it supervises.</summary>
public abstract class ActorBase
{
    private SupervisorStrategy _strategy;

    protected ActorBase()
    {
        var cell = ActorCell.Current
            ?? throw new ActorInitializationException("Do not create actors using 'new', always create them using an ActorContext/System");
        if (this is IWithTimers timed) timed.Timers = new TimerScheduler(cell);
        cell.Become(Receive);
    }

    internal SupervisorStrategy Strategy => _strategy ??= SupervisorStrategy();

    protected IActorRef Sender => Context.Sender;

    protected IActorRef Self => Context.Self;

    protected static IActorContext Context => ActorCell.Current
        ?? throw new NotSupportedException("There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

    /// <summary>Called once the constructor has run.</summary>
    internal virtual void EndConstruction()
    {
    }

    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        if (message is TimerMessage timer)
        {
            if (!timer.IsCurrent(this)) return true;
            message = ActorCell.Current.CurrentMessage = timer.Message;
            if (message is IAutoReceivedMessage auto)
            {
                ActorCell.Current.HandleAutoReceived(auto);
                return true;
            }
        }

        var handled = receive(message);
        if (!handled) Unhandled(message);
        return handled;
    }

    protected abstract bool Receive(object message);

    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated) throw new DeathPactException(terminated.ActorRef);
        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    protected void Become(Receive receive) => Context.Become(receive);

    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);

    protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    protected virtual void PreStart()
    {
    }

    protected virtual void PostStop()
    {
    }

    /// <summary>By default stops the children and runs <see cref="PostStop"/>.</summary>
    protected virtual void PreRestart(Exception reason, object message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>By default runs <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    internal virtual void AroundPreStart() => PreStart();

    internal virtual void AroundPreRestart(Exception cause, object message)
    {
        CancelTimers();
        PreRestart(cause, message);
    }

    internal virtual void AroundPostRestart(Exception cause) => PostRestart(cause);

    internal virtual void AroundPostStop()
    {
        CancelTimers();
        PostStop();
    }

    private void CancelTimers() => ((this as IWithTimers)?.Timers as TimerScheduler)?.CancelAll();
}
