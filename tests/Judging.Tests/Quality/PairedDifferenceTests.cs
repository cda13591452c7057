using IterativeDpo.Generation;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class PairedDifferenceTests
{
    [Fact]
    public void Bootstrap_ofOneDifference_isThatAndNothingElse() =>
        Assert.Equal(new PairedDifference(0.25, 0.25, 0.25, 4), PairedDifference.Bootstrap([0.25, 0.25, 0.25, 0.25]));

    [Fact]
    public void Bootstrap_isNearTheNormalInterval()
    {
        // 60 better, 30 worse, 110 alike: a mean of 0.15 with a standard error of 0.0467.
        double[] differences = [.. Enumerable.Repeat(1.0, 60), .. Enumerable.Repeat(-1.0, 30), .. Enumerable.Repeat(0.0, 110)];

        var difference = PairedDifference.Bootstrap(differences);

        Assert.Equal(0.15, difference.Mean, 12);
        Assert.InRange(difference.Low, 0.15 - 1.96 * 0.0467 - 0.01, 0.15 - 1.96 * 0.0467 + 0.01);
        Assert.InRange(difference.High, 0.15 + 1.96 * 0.0467 - 0.01, 0.15 + 1.96 * 0.0467 + 0.01);
        Assert.True(difference.IsSure);
    }

    [Fact]
    public void Bootstrap_ofPoliciesThatAreAlike_isUnsureInNineteenOfTwenty()
    {
        var random = new SplitMix64(7);
        var sure = Enumerable.Range(0, 200).Count(_ =>
            PairedDifference.Bootstrap([.. Enumerable.Range(0, 100).Select(_ => random.NextDouble() < 0.5 ? 1.0 : -1.0)]).IsSure);

        Assert.InRange(sure, 2, 22);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 5, 1)]
    // 2 · (1 + 10 + 45) / 1024
    [InlineData(2, 8, 0.109375)]
    [InlineData(8, 2, 0.109375)]
    // 2 / 2^10
    [InlineData(0, 10, 0.001953125)]
    public void McNemar_isTheExactTail(int onlyFirst, int onlySecond, double p) =>
        Assert.Equal(p, PairedDifference.McNemar(onlyFirst, onlySecond), 9);

    [Theory]
    [InlineData(8, 0, 8, 0)]
    [InlineData(8, 1, 8, 1)]
    [InlineData(8, 2, 1, 0.25)]
    // 1 − C(6, 4) / C(8, 4)
    [InlineData(8, 2, 4, 1 - 15.0 / 70)]
    public void PassAtK_isUnbiased(int samples, int right, int k, double pass) =>
        Assert.Equal(pass, PairedDifference.PassAtK(samples, right, k), 12);

    [Fact]
    public void Bootstrap_ofNoPrompts_isNothing() => Assert.Equal(0, PairedDifference.Bootstrap([]).Prompts);
}
