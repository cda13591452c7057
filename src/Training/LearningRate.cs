namespace IterativeDpo.Training;

/// <summary>The learning rate by step.</summary>
public static class LearningRate
{
    /// <summary>
    /// The rate of step <paramref name="step"/> (from 0) of <paramref name="steps"/>: a straight rise over the warm-up steps,
    /// then constant, or down to <see cref="TrainingOptions.FinalLearningRateRatio"/> in a line or half a cosine.
    /// The first step already learns, and the last one has the final rate; where that is 0, the step behind the last one would have it.
    /// </summary>
    public static double At(TrainingOptions options, int step, int steps)
    {
        double peak = options.LearningRate;
        var warmup = WarmupOf(options, steps);
        if (step < warmup)
        {
            return peak * (step + 1) / warmup;
        }
        var decaySteps = steps - warmup - (options.FinalLearningRateRatio > 0 ? 1 : 0);
        var progress = decaySteps <= 0 ? 0 : (double)(step - warmup) / decaySteps;
        var share = options.Schedule switch
        {
            LearningRateSchedule.Constant => 1,
            LearningRateSchedule.Linear => 1 - progress,
            _ => 0.5 * (1 + Math.Cos(Math.PI * progress)),
        };
        return peak * (options.FinalLearningRateRatio + (1 - options.FinalLearningRateRatio) * share);
    }

    /// <summary>
    /// Steps over which the rate rises: by <see cref="TrainingOptions.WarmupRatio"/>, or <see cref="TrainingOptions.WarmupSteps"/> where
    /// these are no more than a quarter of all, and else a tenth of all.
    /// </summary>
    public static int WarmupOf(TrainingOptions options, int steps) =>
        options.WarmupRatio > 0 ? ShareOf(options.WarmupRatio, steps)
        : IsTooLong(options, steps) ? ShareOf(0.1, steps)
        : options.WarmupSteps;

    /// <summary>Whether the warm-up steps are too many for so many steps in all, and others take their place.</summary>
    public static bool IsTooLong(TrainingOptions options, int steps) => options.WarmupRatio == 0 && 4L * options.WarmupSteps > steps;

    private static int ShareOf(double share, int steps) => (int)Math.Ceiling(share * steps);
}
