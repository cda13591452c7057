namespace IterativeDpo.Judging.Http;

/// <summary>Spreads requests evenly over the minute: a bucket that holds one token. Any number of callers at once.</summary>
/// <param name="requestsPerMinute">0: no limit of its own.</param>
internal sealed class RateLimit(int requestsPerMinute, TimeProvider time)
{
    private readonly TimeSpan _interval = requestsPerMinute == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(1) / requestsPerMinute;
    private readonly long _start = time.GetTimestamp();
    private readonly Lock _lock = new();
    private TimeSpan _next;

    /// <summary>Waits until the caller's turn has come.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetElapsedTime(_start);
            var turn = now > _next ? now : _next;
            _next = turn + _interval;
            wait = turn - now;
        }
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Lets nobody else through for so long.</summary>
    public void Pause(TimeSpan duration)
    {
        lock (_lock)
        {
            var end = time.GetElapsedTime(_start) + duration;
            _next = end > _next ? end : _next;
        }
    }
}
