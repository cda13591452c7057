using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class BenchmarkResultsTests
{
    [Fact]
    public async Task CollectAsync_failureLater_printsWhatIsDone()
    {
        var progress = new StringWriter();
        IReadOnlyList<int> printed = [];

        await Assert.ThrowsAsync<BenchmarkException>(() => BenchmarkResults.CollectAsync(Failing().ToAsyncEnumerable(), progress, results => printed = results));

        Assert.Equal([1, 2], printed);
        Assert.Equal("measured: 1\nmeasured: 2\n", progress.ToString());

        static IEnumerable<int> Failing()
        {
            yield return 1;
            yield return 2;
            throw new BenchmarkException("the third");
        }
    }

    [Fact]
    public void Measure_commandThatFails_namesIt() => Assert.Contains(
        "'sh -c exit 3' ended with 3", Assert.Throws<BenchmarkException>(() => TrainerBenchmark.Measure(["sh", "-c", "exit 3"], default)).Message);

    [Fact]
    public void Measure_commandThatIsMissing_namesIt() => Assert.Contains(
        "'no-such-command' cannot be run", Assert.Throws<BenchmarkException>(() => TrainerBenchmark.Measure(["no-such-command"], default)).Message);

    [Fact]
    public void Measure_cancelled_endsTheCommand()
    {
        using var stop = new CancellationTokenSource();
        var canceling = Task.Run(stop.Cancel);

        Assert.ThrowsAny<OperationCanceledException>(() => TrainerBenchmark.Measure(["sleep", "600"], stop.Token));
    }
}
