namespace Akka.Actor;

public interface ITellScheduler
{
    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable);

    void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable);
}

public interface IScheduler : ITellScheduler;

public static class SchedulerExtensions
{
    public static ICancelable ScheduleTellOnceCancelable(this IScheduler scheduler, TimeSpan delay, ICanTell receiver, object message, IActorRef sender)
    {
        var cancelable = new Cancelable();
        scheduler.ScheduleTellOnce(delay, receiver, message, sender, cancelable);
        return cancelable;
    }

    public static ICancelable ScheduleTellRepeatedlyCancelable(
        this IScheduler scheduler, TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender)
    {
        var cancelable = new Cancelable();
        scheduler.ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, cancelable);
        return cancelable;
    }
}

/// <summary>Sends messages from the thread pool after a delay, until the actor system ends.</summary>
internal sealed class ThreadPoolScheduler : IScheduler
{
    private readonly CancellationTokenSource _stopped = new();

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        _ = new Entry(this, () => receiver.Tell(message, sender), cancelable, delay, Timeout.InfiniteTimeSpan);
    }

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(initialDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        _ = new Entry(this, () => receiver.Tell(message, sender), cancelable, initialDelay, interval);
    }

    internal void Stop() => _stopped.Cancel();

    /// <summary>One scheduled action. The runtime's timer queue keeps it alive while it is due.</summary>
    private sealed class Entry
    {
        private readonly Action _action;
        private readonly bool _once;
        private readonly CancellationToken _token;
        private readonly CancellationToken _stopped;
        private readonly CancellationTokenRegistration _onCancel;
        private readonly CancellationTokenRegistration _onStop;
        private readonly Timer _timer;

        internal Entry(ThreadPoolScheduler scheduler, Action action, ICancelable cancelable, TimeSpan delay, TimeSpan interval)
        {
            _action = action;
            _once = interval == Timeout.InfiniteTimeSpan;
            _token = cancelable?.Token ?? CancellationToken.None;
            _stopped = scheduler._stopped.Token;
            _timer = new Timer(static entry => ((Entry)entry).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _onCancel = _token.UnsafeRegister(static timer => ((Timer)timer).Dispose(), _timer);
            _onStop = _stopped.UnsafeRegister(static timer => ((Timer)timer).Dispose(), _timer);
            // Armed last, so that it finds the registrations it gives up. A cancelled one stays disposed.
            if (!_token.IsCancellationRequested && !_stopped.IsCancellationRequested) Arm(delay, interval);
        }

        private void Arm(TimeSpan delay, TimeSpan interval)
        {
            try
            {
                _timer.Change(delay, interval);
            }
            catch (ObjectDisposedException)
            {
                // Cancelled meanwhile.
            }
        }

        private void Fire()
        {
            if (_token.IsCancellationRequested || _stopped.IsCancellationRequested) return;
            if (_once)
            {
                _onCancel.Dispose();
                _onStop.Dispose();
                _timer.Dispose();
            }

            _action();
        }
    }
}
