namespace Akka.Actor;

/// <summary>Death watch, both sides of it, and the receive timeout.</summary>
internal sealed partial class ActorCell
{
    /// <summary>Watched actors and the message to get for each; null stands for <see cref="Terminated"/>.</summary>
    private readonly Dictionary<ActorRefBase, object> _watching = [];

    /// <summary>Actors whose end is in the mailbox already; unwatching takes them out, and the message is dropped.</summary>
    private readonly Dictionary<IActorRef, object> _terminated = [];

    private readonly HashSet<ActorRefBase> _watchedBy = [];
    private ICancelable _receiveTimeout;

    public TimeSpan? ReceiveTimeout { get; private set; }

    public IActorRef Watch(IActorRef subject) => StartWatching(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return StartWatching(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var target = (ActorRefBase)subject;
        if (_watching.Remove(target)) target.Send(new Unwatch(_self));
        _terminated.Remove(subject);
        return subject;
    }

    public void SetReceiveTimeout(TimeSpan? timeout) => ReceiveTimeout = timeout;

    /// <summary>A <see cref="Terminated"/> that went back to the mailbox from the stash counts as queued again.</summary>
    internal void TerminatedQueued(Terminated terminated) => _terminated.TryAdd(terminated.ActorRef, null);

    private IActorRef StartWatching(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var target = (ActorRefBase)subject;
        if (target != _self && _watching.TryAdd(target, message)) target.Send(new Watch(_self));
        return subject;
    }

    private void AddWatcher(ActorRefBase watcher)
    {
        if (watcher != _self) _watchedBy.Add(watcher);
    }

    private void WatchedActorTerminated(DeathWatchNotification notification)
    {
        if (_watching.Remove(notification.Actor, out var message) && _waitingFor != ChildrenWait.Termination)
        {
            _terminated[notification.Actor] = message;
            Self.Tell(new Terminated(notification.Actor, notification.ExistenceConfirmed), notification.Actor);
        }

        if (Children.Find(notification.Actor) is not { } child) return;
        Children.Remove(child);
        if (_waitingFor != ChildrenWait.None && !Children.AnyStopping) ChildrenStopped();
    }

    private void ReceiveTerminated(Terminated terminated)
    {
        if (!_terminated.Remove(terminated.ActorRef, out var message)) return;
        CurrentMessage = message ?? terminated;
        _actor.AroundReceive(_behaviors.Peek(), CurrentMessage);
    }

    private void TellWatchers()
    {
        foreach (var watcher in _watchedBy)
        {
            // The parent is told in any case.
            if (watcher != Parent) watcher.Send(new DeathWatchNotification(_self, ExistenceConfirmed: true));
        }

        _watchedBy.Clear();
    }

    private void UnwatchAll()
    {
        foreach (var watched in _watching.Keys) watched.Send(new Unwatch(_self));
        _watching.Clear();
        _terminated.Clear();
    }

    private void CheckReceiveTimeout(bool reschedule)
    {
        if (ReceiveTimeout is not { } timeout)
        {
            CancelReceiveTimeout();
        }
        else if (reschedule || _receiveTimeout is null)
        {
            CancelReceiveTimeout();
            _receiveTimeout = System.Scheduler.ScheduleTellOnceCancelable(timeout, Self, Actor.ReceiveTimeout.Instance, Self);
        }
    }

    private void CancelReceiveTimeout()
    {
        _receiveTimeout?.Cancel();
        _receiveTimeout = null;
    }
}
