using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class BenchmarkResultsTests
{
    [Fact]
    public async Task CollectAsync_failureLater_printsWhatIsDone()
    {
        var progress = new StringWriter();
        IReadOnlyList<int> printed = [];

        await Assert.ThrowsAsync<BenchmarkException>(() =>
            BenchmarkResults.CollectAsync(Failing().ToAsyncEnumerable(), progress, results => printed = results));

        Assert.Equal([1, 2], printed);
        Assert.Equal("measured: 1\nmeasured: 2\n", progress.ToString());

        static IEnumerable<int> Failing()
        {
            yield return 1;
            yield return 2;
            throw new BenchmarkException("the third");
        }
    }
}
