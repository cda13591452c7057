using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class WinRateTests
{
    [Fact]
    public void Of_countsATieAsHalfAWin()
    {
        var rate = WinRate.Of([.. Repeat(1, 0, 5), .. Repeat(0, 0, 2), .. Repeat(0.5, 0, 3)]);

        Assert.Equal((5, 2, 3, 10), (rate.Won, rate.Lost, rate.Tied, rate.Prompts));
        Assert.Equal(0.65, rate.Plain.Value, 12);
        // Lengths are alike: there is nothing to control.
        Assert.Equal(0.65, rate.LengthControlled.Value, 3);
    }

    /// <summary>
    /// The longer answer wins four times of five, whoever gave it, and the policy's is the longer one in two prompts of three.
    /// </summary>
    [Fact]
    public void Of_winsThatLengthAloneExplains_isHalfAtEqualLength()
    {
        var rate = WinRate.Of([.. Repeat(1, 10, 80), .. Repeat(0, 10, 20), .. Repeat(1, -10, 10), .. Repeat(0, -10, 40)]);

        Assert.Equal(0.6, rate.Plain.Value, 12);
        Assert.Equal(0.5, rate.LengthControlled.Value, 4);
        Assert.True(rate.Plain.Low > 0.5);
        Assert.InRange(0.5, rate.LengthControlled.Low, rate.LengthControlled.High);
    }

    [Fact]
    public void Of_winsThatLengthDoesNotExplain_isTheSameAtEqualLength()
    {
        var rate = WinRate.Of([.. Repeat(1, 10, 60), .. Repeat(0, 10, 40), .. Repeat(1, -10, 60), .. Repeat(0, -10, 40)]);

        Assert.Equal(0.6, rate.Plain.Value, 12);
        Assert.Equal(0.6, rate.LengthControlled.Value, 4);
    }

    /// <summary>No best fit is finite: the policy always wins, or the longer answer does.</summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 0, 0.5)]
    public void AtEqualLength_whereOneSideAlwaysWins_isFinite(double winLonger, double winShorter, double expected) =>
        Assert.Equal(expected, WinRate.AtEqualLength([.. Repeat(winLonger, 10, 50), .. Repeat(winShorter, -10, 50)]), 3);

    /// <summary>The fit of one prompt is exact where there are two lengths: σ(θ + φx) = 3/4 and σ(θ) = 1/4 at x = tanh(10 / 5).</summary>
    [Fact]
    public void AtEqualLength_ofTwoLengths_isTheShareOfThatWithoutADifference() =>
        Assert.Equal(
            0.25,
            WinRate.AtEqualLength([.. Repeat(1, 10, 300), .. Repeat(0, 10, 100), .. Repeat(1, 0, 100), .. Repeat(0, 0, 300)]),
            4);

    [Fact]
    public void Of_theIntervalIsNearTheNormalOne_andDrawsAPromptWithAllItsSeeds()
    {
        ComparedAnswers[] once = [.. Repeat(1, 0, 120), .. Repeat(0, 0, 80)];

        var rate = WinRate.Of(once);
        var thrice = WinRate.Of([.. once, .. once, .. once]);

        // A standard error of √(0.6 · 0.4 / 200).
        Assert.InRange(rate.Plain.Low, 0.6 - 1.96 * 0.0346 - 0.012, 0.6 - 1.96 * 0.0346 + 0.012);
        Assert.InRange(rate.Plain.High, 0.6 + 1.96 * 0.0346 - 0.012, 0.6 + 1.96 * 0.0346 + 0.012);
        Assert.Equal((200, 360), (thrice.Prompts, thrice.Won));
        Assert.Equal(rate.Plain.Low, thrice.Plain.Low, 12);
    }

    private static IEnumerable<ComparedAnswers> Repeat(double win, double longer, int count) =>
        Enumerable.Range(0, count).Select(i => new ComparedAnswers($"{win} {longer} {i}", win, longer));
}
