using IterativeDpo.Training.Seed;

namespace IterativeDpo.Training.Tests.Seed;

public class SeedOptionsTests
{
    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(9, 1)]
    [InlineData(10, 1)]
    [InlineData(59, 1)]
    [InlineData(79, 0.55)]
    [InlineData(99, 0.1)]
    public void RateShare_byStep_risesHoldsAndFalls(int step, double expected)
    {
        var options = new SeedOptions("x", CleanSteps: 60, NoisySteps: 40, WarmupSteps: 10, FinalLearningRateRatio: 0.1);

        Assert.Equal(expected, options.RateShare(step), 6);
    }
}
