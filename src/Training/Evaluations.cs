namespace IterativeDpo.Training;

/// <summary>What a run's evaluations on held-back examples come to; worked out from its history alone.</summary>
public static class Evaluations
{
    /// <summary>Before the name of every metric on held-back examples, as in TRL.</summary>
    public const string Prefix = "eval_";

    private const string Loss = Prefix + "loss";

    public static bool Has(TrainingStep step) => step.Metrics.ContainsKey(Loss);

    /// <summary>The step whose parameters did best: the first of those with the lowest loss; null where there was no evaluation.</summary>
    public static TrainingStep? Best(IReadOnlyList<TrainingStep> history) => history.Where(Has).MinBy(step => step.Metrics[Loss]);

    /// <summary>Whether so many evaluations in a row did not improve on the best one; never for a patience of 0.</summary>
    public static bool Disappoint(IReadOnlyList<TrainingStep> history, int patience) =>
        patience > 0 && Best(history) is { } best && history.Count(step => Has(step) && step.Step > best.Step) >= patience;
}
