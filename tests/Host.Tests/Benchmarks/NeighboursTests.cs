using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class NeighboursTests
{
    [Fact]
    public async Task RunWorker_is_busy_until_its_input_ends()
    {
        var (input, output) = (new HeldInput(), new StringWriter());
        var worker = Task.Run(() => Neighbours.RunWorker(input, output));
        Assert.NotSame(worker, await Task.WhenAny(worker, Task.Delay(100)));

        input.End();

        await worker.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("busy", output.ToString().Trim());
    }

    [Fact]
    public void Start_whose_worker_ends_at_once_says_so()
    {
        var e = Assert.Throws<BenchmarkException>(() => Neighbours.Start(["true"], 1));

        Assert.Contains("'true' ended at once", e.Message, StringComparison.Ordinal);
    }

    private sealed class HeldInput : TextReader
    {
        private readonly ManualResetEventSlim _ended = new();

        public void End() => _ended.Set();

        public override int Read()
        {
            _ended.Wait();
            return -1;
        }
    }
}
