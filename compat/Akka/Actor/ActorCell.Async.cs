using System.Runtime.ExceptionServices;

namespace Akka.Actor;

/// <summary>Asynchronous handlers: the mailbox waits for them, no thread does.</summary>
internal sealed partial class ActorCell
{
    private static readonly TaskScheduler DefaultScheduler = TaskScheduler.Default;

    private bool _handlerRunning;

    /// <summary>Runs a handler step by step on this actor, and takes no user message until it has ended.</summary>
    internal void RunHandler(Func<Task> handler)
    {
        var task = Handlers.Start(handler);
        if (task.IsCompleted)
        {
            if (CauseOf(task) is { } cause) ExceptionDispatchInfo.Throw(cause);
            return;
        }

        Mailbox.Suspend();
        _handlerRunning = true;
        task.ContinueWith(
            (ended, self) => ((LocalActorRef)self).Send(new HandlerEnded(CauseOf(ended))),
            _self, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, DefaultScheduler);
    }

    private void EndHandler(Exception cause)
    {
        Mailbox.Resume();
        _handlerRunning = false;
        if (cause is not null)
        {
            Fail(cause);
            return;
        }

        CurrentMessage = null;
        CheckReceiveTimeout(reschedule: true);
    }

    private static Exception CauseOf(Task task)
    {
        if (task.IsCanceled) return new TaskCanceledException(task);
        return task.Exception?.InnerException;
    }
}

/// <summary>Brings the continuations of an actor's asynchronous handlers back to that actor.</summary>
internal sealed class ActorTaskScheduler(ActorCell cell) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    internal Task Start(Func<Task> handler) =>
        Task.Factory.StartNew(handler, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    internal void Execute(Task step) => TryExecuteTask(step);

    protected override IEnumerable<Task> GetScheduledTasks() => null;

    protected override void QueueTask(Task task)
    {
        if (ActorCell.Current == cell) TryExecuteTask(task);
        else cell.Mailbox.Post(new RunStep(this, task));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
}
