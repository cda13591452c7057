using IterativeDpo.Artifacts;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>The preference losses by TRL's names: pure functions of log-probs.</summary>
public static class PreferenceLosses
{
    public static readonly IReadOnlyList<PreferenceLoss> All =
    [
        new("sigmoid", "p ℓ(βΔ) + (1−p) ℓ(−βΔ), p the label: 1−ε where it is certain", "arXiv 2305.18290 eq. 7; with ε > 0 cDPO", Sigmoid),
        new("sft", "−W / n, the mean over the step's chosen tokens", "maximum likelihood", (x, _) => x.NegativeLogLikelihood),
    ];

    /// <exception cref="UserInputException">There is no such loss; the message lists those there are.</exception>
    public static PreferenceLoss Named(string name) => All.FirstOrDefault(loss => loss.Name == name)
        ?? throw new UserInputException($"there is no loss '{name}'; choose one of {string.Join(", ", All.Select(loss => loss.Name))}.");

    private static Tensor Sigmoid(LossBatch x, LossOptions options)
    {
        var logits = options.Beta * (x.Chosen.Ratio - x.Rejected.Ratio);
        // A label that may be wrong with probability ε: the judge's p shrinks towards the other side.
        var p = x.Labels * (1 - options.LabelSmoothing) + (1 - x.Labels) * options.LabelSmoothing;
        return -(p * nn.functional.logsigmoid(logits) + (1 - p) * nn.functional.logsigmoid(-logits));
    }
}
