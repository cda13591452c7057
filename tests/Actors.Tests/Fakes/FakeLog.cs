using System.Collections.Concurrent;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>What the fakes were asked to do, in order.</summary>
internal sealed class FakeLog
{
    private readonly ConcurrentQueue<string> _entries = new();

    public IReadOnlyList<string> Entries => [.. _entries];

    public void Add(string entry) => _entries.Enqueue(entry);

    public int Count(string prefix) => _entries.Count(entry => entry.StartsWith(prefix, StringComparison.Ordinal));
}
