using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

/// <summary>A log that several nodes write, as coordinators keep it.</summary>
internal sealed class SharedLog
{
    private readonly List<CallEntry> _entries = [];
    private TaskCompletionSource _there = Answering();
    private int _nodes;

    public IReadOnlyList<CallEntry> Entries
    {
        get
        {
            lock (_entries)
            {
                return [.. _entries];
            }
        }
    }

    /// <summary>Appends whose word is lost on the way back: whoever made one makes it again.</summary>
    public int Unheard { get; set; }

    /// <summary>Nobody is answered until <see cref="ComeBack"/>.</summary>
    public void GoAway() => _there = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ComeBack() => _there.SetResult();

    /// <summary>The log as another node sees it.</summary>
    public ILedger Open() => new Node(this, $"node {Interlocked.Increment(ref _nodes)}");

    private static TaskCompletionSource Answering()
    {
        var there = new TaskCompletionSource();
        there.SetResult();
        return there;
    }

    private sealed class Node(SharedLog log, string name) : ILedger
    {
        public string? Writer => name;

        public async Task<IReadOnlyList<CallEntry>> ReadAsync(long known, CancellationToken cancellationToken)
        {
            await log._there.Task.WaitAsync(cancellationToken);
            await Task.Yield();
            lock (log._entries)
            {
                // Pages of two.
                return [.. log._entries.Skip((int)known).Take(2)];
            }
        }

        public async Task<IReadOnlyList<CallEntry>> AppendAsync(long known, CallEntry entry, CancellationToken cancellationToken)
        {
            await log._there.Task.WaitAsync(cancellationToken);
            await Task.Yield();
            lock (log._entries)
            {
                if (log._entries.Count == known)
                {
                    log._entries.Add(entry);
                    if (log.Unheard == 0)
                    {
                        return [];
                    }
                    log.Unheard--;
                }
            }
            return await ReadAsync(known, cancellationToken);
        }

        public void Dispose()
        {
        }
    }
}
