using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Tests.Report.Charts;

public sealed class SeriesTests
{
    private static readonly Series Ten = new("ten", [.. Enumerable.Range(0, 10).Select(i => new ChartPoint(i, i * 2, $"{i}"))]);

    [Fact]
    public void Thinned_few_points_stay()
    {
        Assert.Same(Ten, Ten.Thinned(10));
    }

    [Fact]
    public void Thinned_many_points_become_means_of_neighbours()
    {
        var points = Ten.Thinned(5).Points;

        Assert.Equal([0.5, 2.5, 4.5, 6.5, 8.5], points.Select(p => p.X));
        Assert.Equal([1.0, 5, 9, 13, 17], points.Select(p => p.Y));
    }
}
