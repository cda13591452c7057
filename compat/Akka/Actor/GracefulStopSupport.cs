namespace Akka.Actor;

public static class GracefulStopSupport
{
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>Sends <paramref name="stopMessage"/> and waits for the actor's end.</summary>
    /// <exception cref="TaskCanceledException">The actor did not end in time.</exception>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var watched = (ActorRefBase)target;
        var watcher = new WatcherRef(target.Path, _ => ended.TrySetResult());
        watched.Send(new Watch(watcher));
        target.Tell(stopMessage, ActorRefs.NoSender);
        using var timer = new CancellationTokenSource(timeout);
        using var onTimeout = timer.Token.UnsafeRegister(_ => ended.TrySetCanceled(), null);
        try
        {
            await ended.Task.ConfigureAwait(false);
            return true;
        }
        finally
        {
            watched.Send(new Unwatch(watcher));
        }
    }
}
