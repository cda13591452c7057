namespace IterativeDpo.Training;

/// <summary>A training with its metrics file, as a campaign's rounds and <c>dpo train</c> run it.</summary>
public static class TrainingRun
{
    /// <param name="metricsPath">Has each step's metrics as they come, and every step's when the run has ended, see
    /// <see cref="MetricsLog"/>.</param>
    /// <param name="time">Measures the rate of the steps.</param>
    /// <param name="report">Told of each step at once, on the trainer's thread, when the file has it.</param>
    /// <exception cref="NonFiniteTrainingException">The loss or a gradient was not finite; nothing was written to the output.</exception>
    public static async Task<TrainingResult> RunAsync(
        ITrainer trainer,
        TrainingRequest request,
        string metricsPath,
        TimeProvider time,
        Action<TrainingStep> report,
        CancellationToken cancellationToken)
    {
        using var log = new MetricsLog(metricsPath, time);
        var result = await trainer.TrainAsync(request, new Steps(log, report), cancellationToken).ConfigureAwait(false);
        log.Complete(result.History);
        return result;
    }

    /// <summary>Reports in order, as <see cref="Progress{T}"/> would not.</summary>
    private sealed class Steps(MetricsLog log, Action<TrainingStep> report) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value)
        {
            log.Report(value);
            report(value);
        }
    }
}
