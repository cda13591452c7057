using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>The members of <see cref="LossOptions"/> that only some losses read, by their names.</summary>
[Flags]
public enum LossSettings
{
    None = 0,
    LabelSmoothing = 1 << 0,
    ProbabilisticLabels = 1 << 1,
    FDivergence = 1 << 2,
    LdAlpha = 1 << 3,
    ReferenceFree = 1 << 4,
    IpoOnSums = 1 << 5,
    BcoRewardMean = 1 << 6,
    DiscopopTau = 1 << 7,
    SimpoGamma = 1 << 8,
    GammaBetaRatio = 1 << 9,
    AlphapoAlpha = 1 << 10,
    CpoAlpha = 1 << 11,
    DesirableWeight = 1 << 12,
    UndesirableWeight = 1 << 13,
    LengthAlpha = 1 << 14,
    RaoKupperNu = 1 << 15,
    DavidsonNu = 1 << 16,
    DynamicBeta = 1 << 17,
}

/// <summary>A loss of the table.</summary>
/// <param name="Formula">Per example, in the words of docs/losses.md: Δ = s_w − s_l, ℓ(x) = −log σ(x).</param>
/// <param name="Source">The paper, with the equation.</param>
/// <param name="Reads">The options it reads, beside β, the weights and WPO, which go for all.</param>
/// <param name="Compute">Gives each example's loss, [P]; the objective is their mean over the step.</param>
public sealed record PreferenceLoss(
    string Name, string Formula, string Source, LossSettings Reads, Func<LossBatch, LossOptions, Tensor> Compute)
{
    /// <summary>Another name it goes by.</summary>
    public string? Alias { get; init; }

    /// <summary>Whether it is a function of the reference's log-probs.</summary>
    public bool UsesReference => Reads.HasFlag(LossSettings.ReferenceFree);

    /// <summary>It learns from labelled completions instead of pairs.</summary>
    public bool Unpaired { get; init; }

    /// <summary>It reads the pair's probability even without <see cref="LossSettings.ProbabilisticLabels"/>.</summary>
    public bool UsesProbability { get; init; }

    /// <summary>It has a term of its own for ties, which are pairs of probability ½.</summary>
    public bool LearnsTies { get; init; }

    /// <summary>It reads the mismatched completions.</summary>
    public bool UsesMismatched { get; init; }

    /// <summary>An example's loss depends on the other examples of its step.</summary>
    public bool NeedsWholeStep { get; init; }

    /// <summary>A completion's implicit reward, [P]; null where it has none of its own, and β · r is logged.</summary>
    public Func<LossSide, LossOptions, Tensor>? Reward { get; init; }

    /// <summary>Further figures that it is logged with, by TRL's names.</summary>
    public Func<LossBatch, IEnumerable<(string Name, Tensor Value)>>? Metrics { get; init; }
}
