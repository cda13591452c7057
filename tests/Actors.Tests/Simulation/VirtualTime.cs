namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>What happens when, in milliseconds; a step takes no time. The same seed gives the same schedule.</summary>
internal sealed class VirtualTime(int seed)
{
    private readonly PriorityQueue<(SimulatedNode? Node, int Life, Action Act), (long At, long Number)> _queue = new();
    private long _scheduled;

    public Random Random { get; } = new(seed);

    public long Now { get; private set; }

    public bool Chance(double share) => Random.NextDouble() < share;

    /// <param name="node">Where it happens: not before the node thaws, and not at all if it is killed before.</param>
    public void After(long milliseconds, SimulatedNode? node, Action act) =>
        _queue.Enqueue((node, node?.Life ?? 0, act), (Now + milliseconds, _scheduled++));

    public void After(int least, int most, SimulatedNode? node, Action act) => After(Random.Next(least, most), node, act);

    public void Step()
    {
        _queue.TryDequeue(out var next, out var when);
        Now = Math.Max(Now, when.At);
        if (next.Node is { } node && next.Life == node.Life && node.FrozenUntil > Now)
        {
            _queue.Enqueue(next, (node.FrozenUntil, when.Number));
        }
        else if (next.Node is null || next.Life == next.Node.Life)
        {
            next.Act();
        }
    }
}

/// <summary>A node's clock, which is wrong.</summary>
internal sealed class SkewedClock(VirtualTime time, TimeSpan skew) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50).AddMilliseconds(time.Now) + skew;
}

/// <summary>Something happened that never may.</summary>
internal sealed class InvariantException(string message) : Exception(message);
