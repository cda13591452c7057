using System.Diagnostics;
using Akka.Actor;
using Xunit;

namespace Akka.TestKit;

/// <summary>What a test expects to receive, in order.</summary>
public abstract partial class TestKitBase
{
    public T ExpectMsg<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, hint, cancellationToken, null);

    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, cancellationToken, got => Assert.True(Equals(message, got), $"Expected message '{message}', received '{got}'. {hint}"));

    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, cancellationToken, got => Assert.True(isMessage(got), $"Got a message of the expected type {typeof(T)} that does not match: '{got}'. {hint}"));

    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, hint, cancellationToken, assert);

    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>(timeout, hint, cancellationToken, got => Assert.Equal(target, got.ActorRef));

    public void ExpectNoMsg(CancellationToken cancellationToken = default) => ExpectNothingFor(RemainingOrDefault, cancellationToken);

    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) => ExpectNothingFor(Dilated(duration), cancellationToken);

    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNothingFor(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    /// <summary>Expects these messages, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages)
    {
        var watch = Stopwatch.StartNew();
        var missing = messages.ToList();
        var got = new List<T>();
        while (missing.Count > 0)
        {
            var message = ExpectMsg<T>(Max(max - watch.Elapsed, TimeSpan.Zero));
            got.Add(message);
            Assert.True(missing.Remove(message), $"Received the unexpected message '{message}'; still waiting for [{string.Join(", ", missing)}].");
        }

        return got;
    }

    /// <summary>Drops messages until one matches.</summary>
    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var limit = Remaining(max);
        for (var watch = Stopwatch.StartNew(); ;)
        {
            Assert.True(TryTake(Max(limit - watch.Elapsed, TimeSpan.Zero), cancellationToken), $"Timeout ({limit}) while fishing for a message. {hint}");
            if (LastMessage is T message && isMessage(message)) return message;
        }
    }

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        Receive(numberOfMessages, RemainingOrDefault, cancellationToken);

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        Receive(numberOfMessages, Dilated(max), cancellationToken);

    /// <summary>The next message, or null if none comes in time.</summary>
    public object ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        TryTake(Remaining(max), cancellationToken) ? LastMessage : null;

    private T Expect<T>(TimeSpan? timeout, string hint, CancellationToken cancellationToken, Action<T> check)
    {
        var limit = Remaining(timeout);
        Assert.True(TryTake(limit, cancellationToken), $"Failed: Timeout {limit} while waiting for a message of type {typeof(T)}. {hint}");
        if (LastMessage is not T message)
        {
            Assert.Fail($"Failed: Expected a message of type {typeof(T)}, but received {{{LastMessage}}} (type {LastMessage.GetType()}) from {LastSender}. {hint}");
            return default;
        }

        check?.Invoke(message);
        return message;
    }

    private List<object> Receive(int count, TimeSpan limit, CancellationToken cancellationToken)
    {
        var received = new List<object>();
        for (var watch = Stopwatch.StartNew(); received.Count < count; received.Add(LastMessage))
        {
            var taken = TryTake(Max(limit - watch.Elapsed, TimeSpan.Zero), cancellationToken);
            Assert.True(taken, $"Timeout ({limit}) while expecting {count} messages. Only got {received.Count} after {watch.Elapsed}.");
        }

        return received;
    }

    private void ExpectNothingFor(TimeSpan duration, CancellationToken cancellationToken)
    {
        if (TryTake(duration, cancellationToken)) Assert.Fail($"Expected no messages during {duration}, instead we received {{{LastMessage}}} from {LastSender}");
        _lastWasNoMsg = true;
    }

    private bool TryTake(TimeSpan limit, CancellationToken cancellationToken)
    {
        _lastWasNoMsg = false;
        if (!_received.TryTake(out var envelope, (int)limit.TotalMilliseconds, cancellationToken)) return false;
        _last = envelope;
        return true;
    }
}
