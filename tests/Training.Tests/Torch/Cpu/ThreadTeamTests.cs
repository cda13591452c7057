using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Cpu;

[Collection(nameof(ThreadCounts))]
public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void ForEach_runs_each_item_once(int threads) => WithThreads(threads, () =>
    {
        foreach (var items in new[] { 0, 1, 3, 1000 })
        {
            var runs = new int[items];
            ThreadTeam.ForEach(items, i => Interlocked.Increment(ref runs[i]));
            ThreadTeam.ForEachInPool(items, i => Interlocked.Increment(ref runs[i]));
            Assert.All(runs, count => Assert.Equal(2, count));
        }
    });

    [Fact]
    public void ForEach_runs_on_the_threads_of_LibTorch_s_operations() => WithThreads(2, () =>
    {
        using var meeting = new Barrier(2);
        var (threads, caller) = (new HashSet<int>(), Environment.CurrentManagedThreadId);
        // Two items that wait for each other need two threads.
        ThreadTeam.ForEach(2, _ =>
        {
            Assert.True(meeting.SignalAndWait(TimeSpan.FromSeconds(60)));
            Assert.False(
                OperatingSystem.IsLinux()
                    && Thread.CurrentThread.IsThreadPoolThread
                    && Environment.CurrentManagedThreadId != caller);
            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }
        });
        Assert.Equal(2, threads.Count);
        Assert.Contains(caller, threads);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ForEach_an_item_that_fails_is_thrown_to_the_caller_and_the_team_goes_on(int threads) => WithThreads(threads, () =>
    {
        var e = Assert.Throws<InvalidDataException>(() => ThreadTeam.ForEach(10, i => throw new InvalidDataException($"item {i}")));
        Assert.StartsWith("item ", e.Message);
        Assert.Throws<InvalidDataException>(() => ThreadTeam.ForEachInPool(10, i => throw new InvalidDataException($"item {i}")));

        var sum = 0;
        ThreadTeam.ForEach(10, i => Interlocked.Add(ref sum, i));
        Assert.Equal(45, sum);
    });

    private static void WithThreads(int threads, Action test)
    {
        // LibTorch must be there first: the team is its own.
        using var loaded = zeros(1);
        var before = get_num_threads();
        set_num_threads(threads);
        try
        {
            test();
        }
        finally
        {
            set_num_threads(before);
        }
    }
}
