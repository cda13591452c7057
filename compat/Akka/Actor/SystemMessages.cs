namespace Akka.Actor;

/// <summary>Messages of the runtime to itself; they overtake every user message.</summary>
internal abstract record SystemMessage
{
    /// <summary>Waits until a failed actor was dealt with, or until the children that are stopping have stopped.</summary>
    internal virtual bool WaitsForRecovery => false;

    internal virtual bool WaitsForChildren => false;
}

internal sealed record Create : SystemMessage;

internal sealed record Terminate : SystemMessage;

internal sealed record Watch(ActorRefBase Watcher) : SystemMessage;

internal sealed record Unwatch(ActorRefBase Watcher) : SystemMessage;

internal sealed record DeathWatchNotification(ActorRefBase Actor, bool ExistenceConfirmed) : SystemMessage;

internal sealed record Suspend : SystemMessage
{
    internal override bool WaitsForChildren => true;
}

internal sealed record Resume(Exception Cause) : SystemMessage
{
    internal override bool WaitsForChildren => true;
}

internal sealed record Recreate(Exception Cause) : SystemMessage
{
    internal override bool WaitsForChildren => true;
}

internal sealed record Failed(LocalActorRef Child, Exception Cause) : SystemMessage
{
    internal override bool WaitsForRecovery => true;

    internal override bool WaitsForChildren => true;
}

/// <summary>A step of an asynchronous handler of the incarnation that started it.</summary>
internal sealed record RunStep(ActorTaskScheduler Scheduler, Task Step) : SystemMessage;

/// <summary>The end of an asynchronous handler.</summary>
internal sealed record HandlerEnded(Exception Cause) : SystemMessage;
