namespace Akka.Actor;

/// <summary>Creation, restart and end of the actor, and what becomes of its failures.</summary>
internal sealed partial class ActorCell
{
    private readonly Queue<SystemMessage> _held = new();
    private ChildrenWait _waitingFor;
    private Exception _restartCause;

    /// <summary>The actor whose failure suspended this one: itself, or a child whose failure it escalated.</summary>
    private LocalActorRef _failed;

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

    /// <summary>Stops taking messages and leaves the decision to the parent.</summary>
    private void Fail(Exception cause, bool childrenAreSuspended = false)
    {
        if (_failed is not null) return;
        Mailbox.Suspend();
        _failed = CurrentMessage is Failed escalated ? escalated.Child : _self;
        if (!childrenAreSuspended) SendToChildren(new Suspend(), except: _failed);
        _self.Parent.Send(new Failed(_self, cause));
    }

    private void HandleFailed(Failed failed)
    {
        var (sender, message) = (Sender, CurrentMessage);
        (Sender, CurrentMessage) = (failed.Child, failed);
        if (Children.Find(failed.Child) is { } child)
        {
            var strategy = _actor?.Strategy ?? SupervisorStrategy.DefaultStrategy;
            strategy.HandleFailure(this, child, failed.Cause);
        }

        (Sender, CurrentMessage) = (sender, message);
    }

    private void ResumeAfter(Exception cause)
    {
        if (_waitingFor == ChildrenWait.Termination) return;
        if (_actor is null)
        {
            RetryCreation();
            return;
        }

        var perpetrator = _failed;
        Mailbox.Resume();
        if (cause is not null) _failed = null;
        foreach (var child in Children.Snapshot()) child.Ref.Send(new Resume(child.Ref == perpetrator ? cause : null));
    }

    private void Restart(Exception cause)
    {
        if (_waitingFor == ChildrenWait.Termination) return;
        if (_actor is null)
        {
            RetryCreation();
            return;
        }

        try
        {
            _actor.AroundPreRestart(cause, CurrentMessage);
            (_actor as IActorStash)?.Stash.UnstashAll();
        }
        catch (Exception failure)
        {
            Log(new PreRestartException(Self, failure, cause, CurrentMessage), failure.Message);
        }

        _restartCause = cause;
        WaitForChildren(ChildrenWait.Restart);
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

    private void FinishRestart(Exception cause)
    {
        var survivors = Children.Snapshot();
        Mailbox.Resume();
        _failed = null;
        CurrentMessage = null;
        try
        {
            _actor = NewActor();
            _actor.AroundPostRestart(cause);
            CheckReceiveTimeout(reschedule: true);
            foreach (var child in survivors) child.Ref.Send(new Recreate(cause));
        }
        catch (Exception failure)
        {
            Fail(new PostRestartException(Self, failure, cause), childrenAreSuspended: true);
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

    private void SendToChildren(SystemMessage message, LocalActorRef except)
    {
        foreach (var child in Children.Snapshot())
        {
            if (child.Ref != except) child.Ref.Send(message);
        }
    }
}
