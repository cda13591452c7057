using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>A loss of the table.</summary>
/// <param name="Formula">Per example, in the words of docs/losses.md: Δ = s_w − s_l, ℓ(x) = −log σ(x).</param>
/// <param name="Source">The paper, with the equation.</param>
/// <param name="Compute">Gives each example's loss, [P]; the objective is their mean over the step.</param>
public sealed record PreferenceLoss(string Name, string Formula, string Source, Func<LossBatch, LossOptions, Tensor> Compute)
{
    /// <summary>It learns from labelled completions instead of pairs.</summary>
    public bool Unpaired { get; init; }

    /// <summary>An example's loss depends on the other examples of its step.</summary>
    public bool NeedsWholeStep { get; init; }
}
