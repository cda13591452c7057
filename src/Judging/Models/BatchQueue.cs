using System.Collections.Concurrent;

namespace IterativeDpo.Judging.Models;

/// <summary>One thread for an engine that takes one call at a time: whatever waits when it becomes free is its next batch.</summary>
public sealed class BatchQueue<TItem, TResult> : IAsyncDisposable
{
    private readonly BlockingCollection<Entry> _waiting = [];
    private readonly Func<IReadOnlyList<TItem>, CancellationToken, IReadOnlyList<TResult>> _run;
    private readonly Func<TItem, object?> _kind;
    private readonly Task _thread;

    /// <param name="run">The engine: a result for each item. What it throws is thrown to everybody in the batch.</param>
    public BatchQueue(Func<IReadOnlyList<TItem>, IReadOnlyList<TResult>> run) : this((items, _) => run(items), _ => null)
    {
    }

    /// <param name="run">The same; its token is cancelled when everybody in the batch has given up.</param>
    /// <param name="kind">Only items of equal kind are in a batch together.</param>
    public BatchQueue(Func<IReadOnlyList<TItem>, CancellationToken, IReadOnlyList<TResult>> run, Func<TItem, object?> kind)
    {
        (_run, _kind) = (run, kind);
        _thread = Task.Factory.StartNew(RunAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private sealed record Entry(TItem Item, TaskCompletionSource<TResult> Done, CancellationToken Cancellation);

    /// <summary>Any number of calls at once. One that is cancelled while it waits is left out.</summary>
    public Task<TResult> AddAsync(TItem item, CancellationToken cancellationToken)
    {
        var entry = new Entry(item, new(TaskCreationOptions.RunContinuationsAsynchronously), cancellationToken);
        _waiting.Add(entry, cancellationToken);
        return entry.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the thread when it has done what waits; then nothing uses the engine any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.CompleteAdding();
        await _thread.ConfigureAwait(false);
        _waiting.Dispose();
    }

    private void RunAll()
    {
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            var batch = new List<Entry> { first };
            while (_waiting.TryTake(out var next))
            {
                batch.Add(next);
            }
            batch.RemoveAll(entry => entry.Cancellation.IsCancellationRequested);
            foreach (var kind in batch.GroupBy(entry => _kind(entry.Item)))
            {
                Run([.. kind]);
            }
        }
    }

    private void Run(Entry[] batch)
    {
        using var nobody = new CancellationTokenSource();
        var waiting = batch.Length;
        CancellationTokenRegistration[] givenUp = [.. batch.Select(entry => entry.Cancellation.Register(() =>
        {
            if (Interlocked.Decrement(ref waiting) == 0)
            {
                nobody.Cancel();
            }
        }))];
        try
        {
            foreach (var (entry, result) in batch.Zip(_run([.. batch.Select(entry => entry.Item)], nobody.Token)))
            {
                entry.Done.SetResult(result);
            }
        }
        catch (Exception e)
        {
            foreach (var entry in batch)
            {
                entry.Done.TrySetException(e);
            }
        }
        finally
        {
            foreach (var registration in givenUp)
            {
                registration.Dispose();
            }
        }
    }
}
