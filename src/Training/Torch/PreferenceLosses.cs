using IterativeDpo.Artifacts;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Summed completion log-probs of P pairs under the policy and the reference, and their labels; float32 [P] each.</summary>
/// <param name="ChosenProbability">The judge's probability that chosen beats rejected.</param>
public sealed record PairLogProbs(Tensor Chosen, Tensor Rejected, Tensor ReferenceChosen, Tensor ReferenceRejected, Tensor ChosenProbability)
{
    /// <summary>log π(chosen)/ref(chosen).</summary>
    public Tensor ChosenRatio => Chosen - ReferenceChosen;

    /// <summary>log π(rejected)/ref(rejected).</summary>
    public Tensor RejectedRatio => Rejected - ReferenceRejected;
}

/// <summary>A loss of the table.</summary>
/// <param name="Formula">Per pair, with Δ the difference of the log-ratios and ℓ(x) = −log σ(x).</param>
/// <param name="Source">The paper, with the equation.</param>
/// <param name="Compute">Gives each pair's loss, [P].</param>
public sealed record PreferenceLoss(string Name, string Formula, string Source, Func<PairLogProbs, TrainingOptions, Tensor> Compute);

/// <summary>The preference losses by TRL's names: pure functions of log-probs.</summary>
public static class PreferenceLosses
{
    public static readonly IReadOnlyList<PreferenceLoss> All =
    [
        new("sigmoid", "p ℓ(βΔ) + (1−p) ℓ(−βΔ), p the label: 1−ε where it is certain", "arXiv 2305.18290 eq. 7; with ε > 0 cDPO", Sigmoid),
    ];

    /// <exception cref="UserInputException">There is no such loss; the message lists those there are.</exception>
    public static PreferenceLoss Named(string name) => All.FirstOrDefault(loss => loss.Name == name)
        ?? throw new UserInputException($"there is no loss '{name}'; choose one of {string.Join(", ", All.Select(loss => loss.Name))}.");

    private static Tensor Sigmoid(PairLogProbs x, TrainingOptions options)
    {
        var logits = options.Beta * (x.ChosenRatio - x.RejectedRatio);
        // A label that may be wrong with probability ε: the judge's p shrinks towards the other side.
        var p = x.ChosenProbability * (1 - options.LabelSmoothing) + (1 - x.ChosenProbability) * options.LabelSmoothing;
        return -(p * nn.functional.logsigmoid(logits) + (1 - p) * nn.functional.logsigmoid(-logits));
    }
}
