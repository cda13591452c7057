namespace IterativeDpo.Training.Tests;

public class LearningRateTests
{
    [Theory]
    [InlineData(LearningRateSchedule.Constant, 0, 0.25)]
    [InlineData(LearningRateSchedule.Constant, 3, 1)]
    [InlineData(LearningRateSchedule.Constant, 16, 1)]
    [InlineData(LearningRateSchedule.Linear, 4, 1)]
    [InlineData(LearningRateSchedule.Linear, 10, 0.55)]
    [InlineData(LearningRateSchedule.Linear, 16, 0.1)]
    [InlineData(LearningRateSchedule.Cosine, 4, 1)]
    [InlineData(LearningRateSchedule.Cosine, 10, 0.55)]
    [InlineData(LearningRateSchedule.Cosine, 16, 0.1)]
    public void At_follows_the_schedule(LearningRateSchedule schedule, int step, double expected)
    {
        var options = Tiny.Options with { LearningRate = 1, WarmupSteps = 4, Schedule = schedule, FinalLearningRateRatio = 0.1f };

        Assert.Equal(expected, LearningRate.At(options, step, 17), 6);
    }

    [Fact]
    public void At_only_step_has_the_peak_rate() =>
        Assert.Equal(1, LearningRate.At(Tiny.Options with { LearningRate = 1, Schedule = LearningRateSchedule.Linear }, 0, 1), 6);

    [Theory]
    [InlineData(LearningRateSchedule.Linear)]
    [InlineData(LearningRateSchedule.Cosine)]
    public void At_few_steps_under_the_default_warmup_reaches_the_rate_and_every_step_learns(LearningRateSchedule schedule)
    {
        var options = Tiny.Options with { LearningRate = 1, WarmupSteps = 10, Schedule = schedule, FinalLearningRateRatio = 0 };

        for (var steps = 1; steps < 50; steps++)
        {
            double[] rates = [.. Enumerable.Range(0, steps).Select(step => LearningRate.At(options, step, steps))];

            Assert.Equal(1, rates.Max(), 6);
            Assert.True(rates.Min() > 1e-3);
        }
    }

    [Theory]
    [InlineData(10, 40, 10)]
    [InlineData(10, 39, 4)]
    [InlineData(10, 2, 1)]
    [InlineData(0, 2, 0)]
    public void WarmupOf_many_for_the_steps_there_are_is_a_tenth(int warmup, int steps, int expected) =>
        Assert.Equal(expected, LearningRate.WarmupOf(Tiny.Options with { WarmupSteps = warmup }, steps));

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(9, 0.125)]
    public void At_warmup_ratio_takes_the_place_of_the_steps(int step, double expected)
    {
        // A tenth and a half of 10 steps are 2 of them, a started one counting whole.
        var options = Tiny.Options with { LearningRate = 1, WarmupSteps = 7, WarmupRatio = 0.15f, Schedule = LearningRateSchedule.Linear };

        Assert.Equal(expected, LearningRate.At(options, step, 10), 6);
    }
}
