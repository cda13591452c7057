namespace IterativeDpo.Training.Tests;

public class LearningRateTests
{
    [Theory]
    [InlineData(LearningRateSchedule.Constant, 0, 0.25)]
    [InlineData(LearningRateSchedule.Constant, 3, 1)]
    [InlineData(LearningRateSchedule.Constant, 14, 1)]
    [InlineData(LearningRateSchedule.Linear, 4, 1)]
    [InlineData(LearningRateSchedule.Linear, 9, 0.55)]
    [InlineData(LearningRateSchedule.Linear, 14, 0.1)]
    [InlineData(LearningRateSchedule.Cosine, 4, 1)]
    [InlineData(LearningRateSchedule.Cosine, 9, 0.55)]
    [InlineData(LearningRateSchedule.Cosine, 14, 0.1)]
    public void At_follows_the_schedule(LearningRateSchedule schedule, int step, double expected)
    {
        var options = Tiny.Options with { LearningRate = 1, WarmupSteps = 4, Schedule = schedule, FinalLearningRateRatio = 0.1f };

        Assert.Equal(expected, LearningRate.At(options, step, 15), 6);
    }

    [Fact]
    public void At_only_step_has_the_peak_rate() =>
        Assert.Equal(1, LearningRate.At(Tiny.Options with { LearningRate = 1, Schedule = LearningRateSchedule.Linear }, 0, 1), 6);

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(9, 0)]
    public void At_warmup_ratio_takes_the_place_of_the_steps(int step, double expected)
    {
        // A tenth and a half of 10 steps are 2 of them, a started one counting whole.
        var options = Tiny.Options with { LearningRate = 1, WarmupSteps = 7, WarmupRatio = 0.15f, Schedule = LearningRateSchedule.Linear };

        Assert.Equal(expected, LearningRate.At(options, step, 10), 6);
    }
}
