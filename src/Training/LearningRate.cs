namespace IterativeDpo.Training;

/// <summary>The learning rate by step.</summary>
public static class LearningRate
{
    /// <summary>
    /// The rate of step <paramref name="step"/> (from 0) of <paramref name="steps"/>: a straight rise over the warm-up steps,
    /// then constant, or down to <see cref="TrainingOptions.FinalLearningRateRatio"/> in a line or half a cosine.
    /// The first step already learns, and the last one has the final rate.
    /// </summary>
    public static double At(TrainingOptions options, int step, int steps)
    {
        double peak = options.LearningRate;
        var warmup = options.WarmupRatio > 0 ? (int)Math.Ceiling((double)options.WarmupRatio * steps) : options.WarmupSteps;
        if (step < warmup)
        {
            return peak * (step + 1) / warmup;
        }
        var decaySteps = steps - 1 - warmup;
        var progress = decaySteps <= 0 ? 0 : (double)(step - warmup) / decaySteps;
        var share = options.Schedule switch
        {
            LearningRateSchedule.Constant => 1,
            LearningRateSchedule.Linear => 1 - progress,
            _ => 0.5 * (1 + Math.Cos(Math.PI * progress)),
        };
        return peak * (options.FinalLearningRateRatio + (1 - options.FinalLearningRateRatio) * share);
    }
}
