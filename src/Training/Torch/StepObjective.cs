using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The objective of one optimiser step: the mean of the pairs' losses plus the weighted mean NLL of the chosen tokens.
/// Means are over the whole step, so a step's micro-batches add up to the same figure however it is split.
/// </summary>
internal sealed class StepObjective(PreferenceLoss loss, TrainingOptions options, PlannedStep step)
{
    /// <summary>The micro-batch's share of the objective.</summary>
    public Tensor Of(PairLogProbs pairs)
    {
        var value = loss.Compute(pairs, options).sum() / step.Pairs;
        return options.SftWeight > 0 ? value - pairs.Chosen.sum() * (options.SftWeight / step.ChosenTokens) : value;
    }

    /// <summary>Sends the micro-batch's share of the objective back through the pass; gives the sums to be logged.</summary>
    public float[] Backward(ForwardPass pass, PackedPairs packed, PairLogProbs pairs)
    {
        var value = Of(pairs);
        value.backward();
        pass.Backward();
        return Sums(value, pass, packed, pairs);
    }

    // In the order of StepMetrics.Sum.
    private float[] Sums(Tensor value, ForwardPass pass, PackedPairs packed, PairLogProbs pairs)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        Tensor SumOver(Tensor branches, IEnumerable<int> which) => branches.index_select(0, Floats.Indexes(which, branches.device)).sum();
        return Floats.Of(stack(
        [
            value,
            pairs.ChosenRatio.sum() * options.Beta,
            pairs.RejectedRatio.sum() * options.Beta,
            (pairs.ChosenRatio > pairs.RejectedRatio).sum().to(ScalarType.Float32),
            pairs.Chosen.sum(),
            pairs.Rejected.sum(),
            SumOver(pass.Entropies, packed.Chosen.Concat(packed.Rejected)),
            SumOver(pass.Hits, packed.Chosen),
        ]));
    }
}
