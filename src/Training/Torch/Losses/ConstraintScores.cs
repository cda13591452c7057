using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>A figure of a pair that a constraint can hold under a limit.</summary>
/// <param name="Formula">In the words of docs/losses.md.</param>
/// <param name="Compute">Gives each pair's, [P], with its gradient.</param>
public sealed record ConstraintScore(string Name, string Formula, bool UsesReference, Func<LossBatch, Tensor> Compute);

/// <summary>The scores that constraints go by.</summary>
public static class ConstraintScores
{
    public static readonly IReadOnlyList<ConstraintScore> All =
    [
        new(
            "chosen-drop",
            "W_ref − W: how far the chosen completion fell below the reference (arXiv 2402.13228 eq. 3)",
            true,
            x => -x.Chosen.Ratio),
        new("rejected-drop", "L_ref − L: how far the rejected one fell", true, x => -x.Rejected.Ratio),
        new("chosen-kl", "r_w / n_w: divergence from the reference by chosen token", true, x => x.Chosen.Ratio / x.Chosen.Divisor),
        new("rejected-kl", "r_l / n_l: divergence from the reference by rejected token", true, x => x.Rejected.Ratio / x.Rejected.Divisor),
        new("margin", "r_w − r_l: how far the pair is apart already", true, x => x.Chosen.Ratio - x.Rejected.Ratio),
        new("nll", "−W̄: mean surprise of a chosen token", false, x => -x.Chosen.Mean),
    ];

    /// <summary>The score of that name, or null.</summary>
    public static ConstraintScore? Named(string name) => All.FirstOrDefault(score => score.Name == name);

    /// <summary>relu(score − limit) · weight, [P].</summary>
    public static Tensor Penalty(LossConstraint constraint, LossBatch x) =>
        (Named(constraint.Score)!.Compute(x) - constraint.Limit).relu() * constraint.Weight;
}
