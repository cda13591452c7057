namespace Akka.Actor;

/// <summary>Creation and end of the actor, and the order in which system messages are handled.</summary>
internal sealed partial class ActorCell
{
    private readonly Queue<SystemMessage> _held = new();
    private ChildrenWait _waitingFor;

    /// <summary>What happens once the children that are stopping have stopped.</summary>
    private enum ChildrenWait
    {
        None,
        Creation,
        Restart,
        Termination,
    }

    internal void Invoke(SystemMessage message)
    {
        if (Mailbox.IsClosed)
        {
            if (message is Watch watch) watch.Watcher.Send(new DeathWatchNotification(_self, ExistenceConfirmed: false));
            return;
        }

        if (MustWait(message))
        {
            _held.Enqueue(message);
            return;
        }

        try
        {
            Handle(message);
        }
        catch (Exception cause)
        {
            Fail(cause);
        }

        if (_held.TryPeek(out var held) && !MustWait(held)) Invoke(_held.Dequeue());
    }

    public void Stop(IActorRef child)
    {
        var target = (ActorRefBase)child;
        if (Children.Find(target) is { } known) known.IsStopping = true;
        target.Send(new Terminate());
    }

    private bool MustWait(SystemMessage message) =>
        (message.WaitsForChildren && _waitingFor is ChildrenWait.Creation or ChildrenWait.Restart)
        || (message.WaitsForRecovery && Mailbox.IsSuspended);

    private void Handle(SystemMessage message)
    {
        switch (message)
        {
            case Create:
                CreateActor();
                break;
            case RunStep step:
                step.Scheduler.Execute(step.Step);
                break;
            case HandlerEnded ended:
                EndHandler(ended.Cause);
                break;
            case Watch watch:
                AddWatcher(watch.Watcher);
                break;
            case Unwatch unwatch:
                _watchedBy.Remove(unwatch.Watcher);
                break;
            case DeathWatchNotification notification:
                WatchedActorTerminated(notification);
                break;
            case Failed failed:
                HandleFailed(failed);
                break;
            case Suspend:
                Mailbox.Suspend();
                SendToChildren(new Suspend(), except: null);
                break;
            case Resume resume:
                ResumeAfter(resume.Cause);
                break;
            case Recreate recreate:
                Restart(recreate.Cause);
                break;
            case Terminate:
                End();
                break;
        }
    }

    private void CreateActor()
    {
        try
        {
            _actor = NewActor();
            _actor.AroundPreStart();
            CheckReceiveTimeout(reschedule: true);
        }
        catch (Exception cause)
        {
            _actor = null;
            throw new ActorInitializationException(Self, "Exception during creation", cause);
        }
    }

    private ActorBase NewActor()
    {
        _behaviors.Clear();
        var actor = Props.NewActor();
        actor.EndConstruction();
        if (actor is IActorStash stashing) stashing.Stash = new Stash(this);
        return actor;
    }

    private void RetryCreation()
    {
        SetReceiveTimeout(null);
        CancelReceiveTimeout();
        StopChildren();
        WaitForChildren(ChildrenWait.Creation);
    }

    private void End()
    {
        if (_waitingFor == ChildrenWait.Termination) return;
        SetReceiveTimeout(null);
        CancelReceiveTimeout();
        UnwatchAll();
        StopChildren();
        Mailbox.Suspend();
        _failed = _self;
        WaitForChildren(ChildrenWait.Termination);
    }

    private void WaitForChildren(ChildrenWait wait)
    {
        _waitingFor = wait;
        if (!Children.AnyStopping) ChildrenStopped();
    }

    private void ChildrenStopped()
    {
        switch (_waitingFor)
        {
            case ChildrenWait.Creation:
                _waitingFor = ChildrenWait.None;
                Mailbox.Resume();
                _failed = null;
                CreateActor();
                break;
            case ChildrenWait.Restart:
                _waitingFor = ChildrenWait.None;
                FinishRestart(_restartCause);
                break;
            case ChildrenWait.Termination:
                FinishEnd();
                break;
        }
    }

    private void FinishEnd()
    {
        try
        {
            _actor?.AroundPostStop();
            (_actor as IActorStash)?.Stash.UnstashAll();
        }
        catch (Exception failure)
        {
            Log(failure, failure.Message);
        }

        Mailbox.Close();
        _actor = null;
        _behaviors.Clear();
        _self.Parent.Send(new DeathWatchNotification(_self, ExistenceConfirmed: true));
        TellWatchers();
    }

    private void StopChildren()
    {
        foreach (var child in Children.Snapshot()) Stop(child.Ref);
    }
}
