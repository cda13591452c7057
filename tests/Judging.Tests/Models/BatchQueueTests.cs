using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Models;

public sealed class BatchQueueTests
{
    [Fact]
    public async Task AddAsync_whileTheEngineIsBusy_waitsForBatchesOfTheMostItems()
    {
        var batches = new List<int[]>();
        using var busy = new SemaphoreSlim(0);
        using var free = new SemaphoreSlim(0);
        await using var queue = Queue(
            item => item * 10,
            items =>
            {
                batches.Add([.. items]);
                busy.Release();
                free.Wait();
            },
            mostItems: 2);
        var first = queue.AddAsync(1, default);
        await busy.WaitAsync();
        using var stop = new CancellationTokenSource();
        var cancelled = queue.AddAsync(9, stop.Token);
        var others = Enumerable.Range(2, 4).Select(item => queue.AddAsync(item, default)).ToArray();
        await stop.CancelAsync();
        free.Release(4);

        int[] expected = [10, 20, 30, 40, 50];
        Assert.Equal(expected, await Task.WhenAll([first, .. others]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal([[1], [2], [3, 4], [5]], batches);
    }

    [Fact]
    public async Task AddAsync_itemIsDone_doesNotWaitForTheRestOfItsBatch()
    {
        using var busy = new SemaphoreSlim(0);
        using var free = new SemaphoreSlim(0);
        using var firstIsTaken = new SemaphoreSlim(0);
        await using var queue = Queue(
            item =>
            {
                if (item == 2)
                {
                    // The second item is computed only when the first one's caller has its result.
                    firstIsTaken.Wait();
                }
                return item;
            },
            _ =>
            {
                busy.Release();
                free.Wait();
            });
        var blocker = queue.AddAsync(0, default);
        await busy.WaitAsync();
        var (first, second) = (queue.AddAsync(1, default), queue.AddAsync(2, default));

        free.Release(2);

        Assert.Equal(1, await first);
        firstIsTaken.Release();
        Assert.Equal(2, (await Task.WhenAll(blocker, second))[1]);
    }

    [Fact]
    public async Task AddAsync_oneItemFails_failsForItsCallerAlone()
    {
        using var busy = new SemaphoreSlim(0);
        using var free = new SemaphoreSlim(0);
        await using var queue = Queue(
            item => item == 2 ? throw new InvalidOperationException("no") : item,
            _ =>
            {
                busy.Release();
                free.Wait();
            });
        var blocker = queue.AddAsync(0, default);
        await busy.WaitAsync();
        var asked = Enumerable.Range(1, 4).Select(item => queue.AddAsync(item, default)).ToArray();
        free.Release(100);

        Assert.Equal("no", (await Assert.ThrowsAsync<InvalidOperationException>(() => asked[1])).Message);
        int[] expected = [0, 1, 3, 4];
        Assert.Equal(expected, await Task.WhenAll(blocker, asked[0], asked[2], asked[3]));
    }

    [Fact]
    public async Task AddAsync_engineLeavesAnItemOut_fails()
    {
        await using var queue = new BatchQueue<int, int>((_, _, _) => { }, mostItems: 8);

        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.AddAsync(1, default));
    }

    [Fact]
    public async Task AddAsync_itemsOfDifferentKinds_areInDifferentBatches()
    {
        var kinds = new List<int>();
        await using var queue = Queue(item => item, items => kinds.Add(items.Distinct().Count()), kind: item => item);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => queue.AddAsync(i % 3, default)));

        Assert.All(kinds, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task AddAsync_everybodyWhoStillWaitsGivesUp_cancelsTheEngine()
    {
        var (started, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var busy = new SemaphoreSlim(0);
        using var free = new SemaphoreSlim(0);
        await using var queue = new BatchQueue<int, int>(
            (items, give, token) =>
            {
                busy.Release();
                free.Wait(CancellationToken.None);
                give(0, items[0]);
                if (items.Count > 1)
                {
                    started.SetResult();
                    token.WaitHandle.WaitOne();
                    ended.SetResult();
                    token.ThrowIfCancellationRequested();
                }
            },
            mostItems: 8);
        using var stop = new CancellationTokenSource();
        var blocker = queue.AddAsync(0, default);
        await busy.WaitAsync();
        var (done, asked) = (queue.AddAsync(1, default), queue.AddAsync(2, stop.Token));
        free.Release(2);
        await started.Task;

        await stop.CancelAsync();

        await ended.Task;
        Assert.Equal(1, (await Task.WhenAll(blocker, done))[1]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task LoadAsync_thatFailed_isTriedAgain()
    {
        var loads = 0;
        await using var queue = Queue(item => item, load: () => _ = ++loads == 1 ? throw new IOException("busy") : 0);
        await Assert.ThrowsAsync<IOException>(() => queue.LoadAsync(default));

        await queue.LoadAsync(default);
        await queue.LoadAsync(default);

        Assert.Equal((3, 2), (await queue.AddAsync(3, default), loads));
    }

    [Fact]
    public async Task DisposeAsync_withWorkWaiting_doesIt()
    {
        var queue = Queue(item => item);
        var waiting = queue.AddAsync(1, default);

        await queue.DisposeAsync();

        Assert.Equal(1, await waiting);
    }

    /// <summary>An engine that computes item by item.</summary>
    private static BatchQueue<int, int> Queue(
        Func<int, int> compute,
        Action<IReadOnlyList<int>>? onBatch = null,
        int mostItems = 8,
        Action? load = null,
        Func<int, object?>? kind = null) =>
        new(
        (items, give, _) =>
        {
            onBatch?.Invoke(items);
            foreach (var (i, item) in items.Index())
            {
                give(i, compute(item));
            }
        },
        mostItems,
        load,
        kind);
}
