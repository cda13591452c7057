namespace IterativeDpo.Training;

/// <summary>One figure for each metric of a finished run.</summary>
public static class TrainingSummary
{
    /// <summary>
    /// Means over the steps weighted by their examples; the token count is the last one, and evaluations have the figures of the best.
    /// </summary>
    /// <param name="examples">Examples of an epoch: its last step has what the full ones leave.</param>
    public static IReadOnlyDictionary<string, double> MeansOf(IReadOnlyList<TrainingStep> history, int batchPairs, int examples)
    {
        var stepsPerEpoch = (examples + batchPairs - 1) / batchPairs;
        double Weight(TrainingStep step) => step.Step % stepsPerEpoch == 0 ? examples - (stepsPerEpoch - 1) * batchPairs : batchPairs;
        var total = history.Sum(Weight);
        var means = history[^1].Metrics.Keys.Where(name => !name.StartsWith(Evaluations.Prefix, StringComparison.Ordinal)).ToDictionary(
            name => name,
            name => name == "num_tokens" ? history[^1].Metrics[name] : history.Sum(step => Weight(step) * step.Metrics[name]) / total);
        var evaluated = Evaluations
            .Best(history)
            ?.Metrics.Where(metric => metric.Key.StartsWith(Evaluations.Prefix, StringComparison.Ordinal));
        return means.Concat(evaluated ?? []).ToDictionary();
    }
}
