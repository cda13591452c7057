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
    public async Task DisposeAsync_withWorkWaiting_doesIt()
    {
        var queue = new BatchQueue<int, int>(items => items);
        var waiting = queue.AddAsync(1, default);

        await queue.DisposeAsync();

        Assert.Equal(1, await waiting);
    }
}
