namespace Akka.Actor;

/// <summary>An actor with timers of its own, which end with it and with each of its incarnations.</summary>
public interface IWithTimers
{
    ITimerScheduler Timers { get; set; }
}

/// <summary>Sends an actor messages later; starting a timer replaces the one of the same key, and none of the old one's messages arrives.</summary>
public interface ITimerScheduler
{
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    bool IsTimerActive(object key);

    void Cancel(object key);
}

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, (TimerMessage Message, ICancelable Task)> _timers = [];

    public void StartSingleTimer(object key, object msg, TimeSpan timeout)
    {
        Cancel(key);
        var message = new TimerMessage(key, msg, isPeriodic: false);
        _timers[key] = (message, cell.System.Scheduler.ScheduleTellOnceCancelable(timeout, cell.Self, message, ActorRefs.NoSender));
    }

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => StartPeriodicTimer(key, msg, interval, interval);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval)
    {
        Cancel(key);
        var message = new TimerMessage(key, msg, isPeriodic: true);
        _timers[key] = (message, cell.System.Scheduler.ScheduleTellRepeatedlyCancelable(initialDelay, interval, cell.Self, message, ActorRefs.NoSender));
    }

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer)) timer.Task.Cancel();
    }

    internal void CancelAll()
    {
        foreach (var (_, task) in _timers.Values) task.Cancel();
        _timers.Clear();
    }

    /// <summary>False for a message that was in the mailbox already when its timer was cancelled or replaced.</summary>
    internal bool Take(TimerMessage message)
    {
        if (!_timers.TryGetValue(message.Key, out var timer) || timer.Message != message) return false;
        if (!message.IsPeriodic) _timers.Remove(message.Key);
        return true;
    }
}

/// <summary>A timer's message on its way; the object is the timer's identity.</summary>
internal sealed class TimerMessage(object key, object message, bool isPeriodic) : Event.IDeadLetterSuppression
{
    internal object Key => key;

    internal object Message => message;

    internal bool IsPeriodic => isPeriodic;

    internal bool IsCurrent(ActorBase actor) => actor is IWithTimers { Timers: TimerScheduler timers } && timers.Take(this);
}
