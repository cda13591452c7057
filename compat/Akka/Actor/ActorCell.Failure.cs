namespace Akka.Actor;

/// <summary>The actor's own failure, up to its parent's decision, and the failures of its children.</summary>
internal sealed partial class ActorCell
{
    private Exception _restartCause;

    /// <summary>The actor whose failure suspended this one: itself, or a child whose failure it escalated.</summary>
    private LocalActorRef _failed;

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

    private void SendToChildren(SystemMessage message, LocalActorRef except)
    {
        foreach (var child in Children.Snapshot())
        {
            if (child.Ref != except) child.Ref.Send(message);
        }
    }
}
