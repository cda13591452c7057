using System.Collections.Concurrent;

namespace IterativeDpo.Judging.Models;

/// <summary>
/// One thread for an engine that takes one call at a time: what waits when it becomes free is its next batch. The engine is loaded on
/// this thread too, at the first call; a load that failed is tried again at the next.
/// </summary>
public sealed class BatchQueue<TItem, TResult> : IAsyncDisposable
{
    private readonly BlockingCollection<Entry> _waiting = [];
    private readonly RunBatch _run;
    private readonly Action _load;
    private readonly int _mostItems;
    private readonly Func<TItem, object?> _kind;
    private readonly Task _thread;
    private volatile bool _isLoaded;

    /// <param name="mostItems">Most items of a batch: a few times what the engine computes side by side, so that nobody waits long to
    /// join.</param>
    /// <param name="load">Makes the engine ready.</param>
    /// <param name="kind">Only items of equal kind are in a batch together.</param>
    public BatchQueue(RunBatch run, int mostItems, Action? load = null, Func<TItem, object?>? kind = null)
    {
        (_run, _mostItems, _load, _kind) = (run, mostItems, load ?? (() => { }), kind ?? (_ => null));
        _thread = Task.Factory.StartNew(RunAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>
    /// The engine. Where it throws, items without a result are tried again one by one, so that only those fail that are to blame.
    /// </summary>
    /// <param name="give">Gets an item's place and its result, as soon as there is one: its caller waits for nothing else.</param>
    /// <param name="cancellationToken">Is cancelled when everybody in the batch has given up.</param>
    public delegate void RunBatch(IReadOnlyList<TItem> items, Action<int, TResult> give, CancellationToken cancellationToken);

    /// <param name="Item">Null of one who only waits until the engine is loaded.</param>
    private sealed record Entry((TItem Value, object? Kind)? Item, TaskCompletionSource<TResult?> Done, CancellationToken Cancellation);

    /// <summary>Any number of calls at once. One that is cancelled while it waits is left out.</summary>
    public async Task<TResult> AddAsync(TItem item, CancellationToken cancellationToken) =>
        (await EnqueueAsync((item, _kind(item)), cancellationToken).ConfigureAwait(false))!;

    /// <summary>Loads the engine, if it is not loaded yet.</summary>
    public Task LoadAsync(CancellationToken cancellationToken) => _isLoaded ? Task.CompletedTask : EnqueueAsync(null, cancellationToken);

    /// <summary>Ends the thread when it has done what waits; then nothing uses the engine any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.CompleteAdding();
        await _thread.ConfigureAwait(false);
        _waiting.Dispose();
    }

    private Task<TResult?> EnqueueAsync((TItem, object?)? item, CancellationToken cancellationToken)
    {
        var entry = new Entry(item, new(TaskCreationOptions.RunContinuationsAsynchronously), cancellationToken);
        _waiting.Add(entry, cancellationToken);
        return entry.Done.Task.WaitAsync(cancellationToken);
    }

    private void RunAll()
    {
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            var batch = new List<Entry> { first };
            while (batch.Count < _mostItems && _waiting.TryTake(out var next))
            {
                batch.Add(next);
            }
            foreach (var kind in batch.GroupBy(entry => entry.Item?.Kind))
            {
                RunOrSplit([.. kind]);
            }
        }
    }

    private void RunOrSplit(Entry[] entries)
    {
        Entry[] batch = [.. entries.Where(entry => !entry.Done.Task.IsCompleted && !entry.Cancellation.IsCancellationRequested)];
        if (batch.Length == 0)
        {
            return;
        }
        try
        {
            Load();
            Run(batch);
        }
        catch (Exception e) when (batch.Length == 1 || !_isLoaded)
        {
            foreach (var entry in batch)
            {
                entry.Done.TrySetException(e);
            }
        }
        catch (Exception)
        {
            foreach (var entry in batch)
            {
                RunOrSplit([entry]);
            }
        }
    }

    private void Load()
    {
        if (!_isLoaded)
        {
            _load();
            _isLoaded = true;
        }
    }

    private void Run(Entry[] batch)
    {
        foreach (var entry in batch.Where(entry => entry.Item is null))
        {
            entry.Done.SetResult(default);
        }
        batch = [.. batch.Where(entry => entry.Item is not null)];
        if (batch.Length == 0)
        {
            return;
        }
        using var nobody = new CancellationTokenSource();
        CancellationTokenRegistration[] givenUp = [.. batch.Select(entry => entry.Cancellation.Register(StopIfNobodyWaits))];
        try
        {
            _run([.. batch.Select(entry => entry.Item!.Value.Value)], Give, nobody.Token);
        }
        finally
        {
            foreach (var registration in givenUp)
            {
                registration.Dispose();
            }
        }
        if (batch.Any(entry => !entry.Done.Task.IsCompleted))
        {
            throw new InvalidOperationException("The engine gave no result.");
        }

        void Give(int i, TResult result)
        {
            batch[i].Done.TrySetResult(result);
            StopIfNobodyWaits();
        }

        void StopIfNobodyWaits()
        {
            if (batch.All(entry => entry.Done.Task.IsCompleted || entry.Cancellation.IsCancellationRequested))
            {
                nobody.Cancel();
            }
        }
    }
}
