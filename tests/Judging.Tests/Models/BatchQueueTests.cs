using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Models;

public sealed class BatchQueueTests
{
    [Fact]
    public async Task AddAsync_whileTheEngineIsBusy_waitsForOneBatchTogether()
    {
        var batches = new List<int[]>();
        using var busy = new SemaphoreSlim(0);
        using var free = new SemaphoreSlim(0);
        await using var queue = new BatchQueue<int, int>(items =>
        {
            batches.Add([.. items]);
            busy.Release();
            free.Wait();
            return [.. items.Select(item => item * 10)];
        });
        var first = queue.AddAsync(1, default);
        await busy.WaitAsync();
        using var stop = new CancellationTokenSource();
        var (second, cancelled, third) = (queue.AddAsync(2, default), queue.AddAsync(9, stop.Token), queue.AddAsync(3, default));
        await stop.CancelAsync();
        free.Release(2);

        int[] expected = [10, 20, 30];
        Assert.Equal(expected, await Task.WhenAll(first, second, third));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal([[1], [2, 3]], batches);
    }

    [Fact]
    public async Task AddAsync_engineFails_throwsToTheBatchAndGoesOn()
    {
        var calls = 0;
        await using var queue = new BatchQueue<int, int>(items => calls++ == 0 ? throw new InvalidOperationException("no") : items);

        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.AddAsync(1, default));
        Assert.Equal(2, await queue.AddAsync(2, default));
    }

    [Fact]
    public async Task AddAsync_itemsOfDifferentKinds_areInDifferentBatches()
    {
        await using var queue = new BatchQueue<int, int>((items, _) => [.. items.Select(_ => items.Distinct().Count())], item => item);

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(i => queue.AddAsync(i % 3, default))), kinds => Assert.Equal(1, kinds));
    }

    [Fact]
    public async Task AddAsync_everybodyInTheBatchGivesUp_cancelsTheEngine()
    {
        var (started, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var queue = new BatchQueue<int, int>(
            (items, token) =>
            {
                started.SetResult();
                token.WaitHandle.WaitOne();
                ended.SetResult();
                return items;
            },
            _ => null);
        using var stop = new CancellationTokenSource();
        var asked = queue.AddAsync(1, stop.Token);
        await started.Task;

        await stop.CancelAsync();

        await ended.Task;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task DisposeAsync_withWorkWaiting_doesIt()
    {
        var queue = new BatchQueue<int, int>(items => items);
        var waiting = queue.AddAsync(1, default);

        await queue.DisposeAsync();

        Assert.Equal(1, await waiting);
    }
}
