using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Tests.Report.Charts;

public sealed class NiceScaleTests
{
    [Theory]
    [InlineData(0, 100, 4, 0, 100, 20)]
    [InlineData(0.13, 0.87, 4, 0, 1, 0.2)]
    [InlineData(-3, 7, 4, -4, 8, 2)]
    [InlineData(0, 100, 2, 0, 100, 50)]
    public void Over_ends_at_round_numbers_around_the_data(
        double low,
        double high,
        int about,
        double expectedLow,
        double expectedHigh,
        double expectedStep)
    {
        var scale = NiceScale.Over(low, high, about);

        Assert.Equal(
            (expectedLow, expectedHigh, expectedStep),
            (Math.Round(scale.Low, 9), Math.Round(scale.High, 9), Math.Round(scale.Step, 9)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(-5)]
    public void Over_a_single_value_leaves_room_on_both_sides(double value)
    {
        var scale = NiceScale.Over(value, value);

        Assert.True(scale.Low < value && value < scale.High);
    }

    [Fact]
    public void Ticks_go_from_end_to_end()
    {
        Assert.Equal([0, 0.2, 0.4, 0.6, 0.8, 1], NiceScale.Over(0, 1).Ticks());
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(1, 1)]
    [InlineData(0.01, 3)]
    public void Decimals_tell_the_ticks_apart(double high, int expected)
    {
        Assert.Equal(expected, NiceScale.Over(0, high).Decimals);
    }
}
