using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class LatencyTests
{
    [Fact]
    public void Quantile_is_right_within_five_percent()
    {
        var latency = Latency.Of(Enumerable.Range(1, 1000).Select(i => i / 100.0));

        Assert.InRange(latency.Quantile(0.5), 5 * 0.95, 5 * 1.05);
        Assert.InRange(latency.Quantile(0.95), 9.5 * 0.95, 9.5 * 1.05);
        Assert.Equal(5.005, latency.MeanSeconds, 9);
    }

    [Fact]
    public void Add_is_the_latency_of_all()
    {
        var sum = Latency.Of([0.1, 0.2]) + Latency.Of([0.2, 30]);

        Assert.Equal(Latency.Of([0.1, 0.2, 0.2, 30]).Buckets, sum.Buckets);
        Assert.Equal(4, sum.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-9)]
    public void With_next_to_no_time_counts_too(double seconds)
    {
        Assert.Equal(1, Latency.None.With(seconds).Count);
    }

    [Fact]
    public void Quantile_of_none_is_0()
    {
        Assert.Equal((0, 0), (Latency.None.Quantile(0.5), Latency.None.MeanSeconds));
    }
}
