using System.Diagnostics;
using Xunit;

namespace Akka.TestKit;

/// <summary>Waiting for conditions, and limits on a block's time.</summary>
public abstract partial class TestKitBase
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private bool _lastWasNoMsg;

    /// <summary>Repeats a check until it throws nothing; the last exception goes on when the time is over.</summary>
    public void AwaitAssert(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var limit = Remaining(duration);
        for (var watch = Stopwatch.StartNew(); ; Pause(interval, cancellationToken))
        {
            try
            {
                assertion();
                return;
            }
            catch (Exception) when (watch.Elapsed < limit)
            {
                // Not yet.
            }
        }
    }

    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var limit = Remaining(max);
        for (var watch = Stopwatch.StartNew(); !conditionIsFulfilled(); Pause(null, cancellationToken))
            Assert.True(watch.Elapsed < limit, $"Timeout {limit} expired while waiting for condition.");
    }

    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    /// <summary>Runs a block that must take at least <paramref name="min"/> and at most <paramref name="max"/>; what it expects shares that time.</summary>
    public void Within(
        TimeSpan min, TimeSpan max, Action action, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var limit = Dilated(max);
        var outer = _end;
        var watch = Stopwatch.StartNew();
        _end = DateTime.UtcNow + limit;
        try
        {
            action();
        }
        finally
        {
            _end = outer;
        }

        Assert.True(watch.Elapsed >= min, $"Failed: Block took {watch.Elapsed}, should have at least been {min}. {hint}");
        // A block that ended by waiting for silence has taken its time on purpose.
        Assert.True(_lastWasNoMsg || watch.Elapsed <= limit + (epsilonValue ?? TimeSpan.Zero), $"Failed: Block took {watch.Elapsed}, exceeding {limit}. {hint}");
    }

    private static void Pause(TimeSpan? interval, CancellationToken cancellationToken)
    {
        cancellationToken.WaitHandle.WaitOne(interval ?? PollInterval);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
