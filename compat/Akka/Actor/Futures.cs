namespace Akka.Actor;

public static class Futures
{
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<T>(_ => message, timeout, cancellationToken);

    /// <summary>Sends a message and takes the first answer to it.</summary>
    /// <param name="messageFactory">Makes the message, given the reference that the answer must go to.</param>
    /// <param name="timeout">How long to wait; null for <c>akka.actor.ask-timeout</c>, which is without limit by default.</param>
    /// <exception cref="AskTimeoutException">No answer came in time.</exception>
    public static async Task<T> Ask<T>(this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var system = SystemOf(self) ?? throw new ArgumentException("Unable to resolve the target Provider", nameof(self));
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reply = new AskRef<T>(system, system.TempPath(), answer);
        var limit = timeout ?? system.Settings.AskTimeout;
        using var timer = limit > TimeSpan.Zero ? new CancellationTokenSource(limit) : null;
        using var onTimeout = timer?.Token.UnsafeRegister(
            _ => answer.TrySetException(new AskTimeoutException($"Timeout after {limit.TotalSeconds:F2} seconds")), null);
        using var onCancel = cancellationToken.UnsafeRegister(_ => answer.TrySetCanceled(cancellationToken), null);
        self.Tell(messageFactory(reply), reply);
        return await answer.Task.ConfigureAwait(false);
    }

    private static ActorSystem SystemOf(ICanTell target) => target switch
    {
        LocalActorRef actor => actor.Cell.System,
        ActorSelection selection => selection.Anchor.Cell.System,
        _ => ActorCell.Current?.System,
    };
}
