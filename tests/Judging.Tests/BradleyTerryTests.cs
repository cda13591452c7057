namespace IterativeDpo.Judging.Tests;

public sealed class BradleyTerryTests
{
    [Fact]
    public void Compare_everyTwoScored_givesTheSigmoidOfTheirDifference()
    {
        var comparisons = BradleyTerry.Compare([Scored(0, 2), Scored(1, null), Scored(2, 0.5), Scored(3, 3)], 0);

        Assert.Equal([(0, 2), (0, 3), (2, 3)], comparisons.Select(c => (c.First, c.Second)));
        Assert.Equal([Preference.First, Preference.Second, Preference.Second], comparisons.Select(c => c.Preference));
        Assert.Equal(1 / (1 + Math.Exp(-1.5)), comparisons[0].Probability, 1e-12);
        Assert.Equal(1 / (1 + Math.Exp(1)), comparisons[1].Probability, 1e-12);
    }

    [Theory]
    [InlineData(1, 1, 0, Preference.Tie)]
    [InlineData(1, 0.9, 0, Preference.First)]
    [InlineData(1, 0.5, 0.6, Preference.Tie)]
    [InlineData(1, 0.5, 0.5, Preference.First)]
    [InlineData(0.5, 1, 0.6, Preference.Tie)]
    public void Compare_differenceBelowTheMargin_isATie(double first, double second, double margin, Preference expected) =>
        Assert.Equal(expected, Assert.Single(BradleyTerry.Compare([Scored(0, first), Scored(1, second)], margin)).Preference);

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(800, 1)]
    [InlineData(-800, 0)]
    public void Probability_ofAnyDifference_isFinite(double difference, double expected) =>
        Assert.Equal(expected, BradleyTerry.Probability(difference), 1e-12);

    private static Judgement Scored(int index, double? score) => new(index, score, "");
}
