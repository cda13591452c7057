using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class IntervalTests
{
    [Fact]
    public void Wilson_agrees_with_a_worked_example()
    {
        var (low, high) = Interval.Wilson(0.8, 10);

        Assert.Equal(0.490, low, 3);
        Assert.Equal(0.943, high, 3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Wilson_stays_inside_0_and_1(double share)
    {
        var (low, high) = Interval.Wilson(share, 5);

        Assert.InRange(low, -1e-12, 1);
        Assert.InRange(high, 0, 1 + 1e-12);
    }
}
