using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training;

/// <summary>A loss by its name in the table, and its share of the objective.</summary>
public sealed record WeightedLoss(string Name, float Weight = 1);

/// <summary>How the log-ratio of policy and reference becomes a score (arXiv 2309.16240); <see cref="ReverseKl"/> is DPO's own.</summary>
public enum FDivergence { ReverseKl, ForwardKl, JsDivergence, AlphaDivergence }

/// <summary>
/// A penalty on each pair, relu(score − limit) · weight, which is added to the loss and logged as <c>constraints/NAME</c>.
/// </summary>
/// <param name="Name">What it is logged by.</param>
/// <param name="Score">One of the table <c>ConstraintScores</c>, e.g. <c>chosen-drop</c> for DPO-Positive (arXiv 2402.13228).</param>
public sealed record LossConstraint(
    string Name,
    [Setting("What is held: chosen-drop, rejected-drop, chosen-kl, rejected-kl, margin or nll (docs/losses.md).")] string Score,
    [Setting("The score that is free of charge.")] float Limit,
    [Setting("What each unit beyond it costs.", Above = 0)] float Weight);

/// <summary>
/// What is minimised: Σ weight · loss, and what the losses read. A loss lists the options that it reads; one that no chosen loss reads
/// must have its default, see <c>LossRules</c>.
/// </summary>
[method: JsonConstructor]
public sealed record LossOptions(
    [Setting(WrittenAs = typeof(WrittenLosses))] IReadOnlyList<WeightedLoss> Losses,
    [Setting("β: how strongly the policy is held to the reference, and the scale of the rewards.", Above = 0)] float Beta = 0.1f,
    [Setting("ε: the chance that a label is wrong (cDPO). 0: off; exo_pair takes 0.001 for 0.",
        Min = 0, Below = 0.5, Because = "at 0.5 a label says nothing, and robust divides by 1 − 2ε")]
    float LabelSmoothing = 0,
    [Setting("on: the judge's probability of each pair takes the place of 1 - label-smoothing.")] bool ProbabilisticLabels = false,
    [Setting(
        "How the log-ratio to the reference becomes a score: reverse-kl (off), forward-kl, js-divergence or alpha-divergence (arXiv 2309.16240).")]
    FDivergence FDivergence = FDivergence.ReverseKl,
    [Setting("The alpha of alpha-divergence; 1 is reverse-kl.")] float AlphaDivergenceCoefficient = 0.5f,
    [Setting(
        "LD-DPO (arXiv 2409.06411): weight of a completion's tokens past the length of the pair's shorter one. 1: off.",
        Min = 0,
        Max = 1)]
        float LdAlpha = 1,
    [Setting("on: each pair weighs by how likely the policy finds its completions (WPO, arXiv 2406.11827).")] bool Wpo = false,
    [Setting("on: the log-ratio to the reference is the policy's log-probability alone; policy.reference is then none.")]
        bool ReferenceFree = false,
    [Setting("on: ipo without the division by the completions' lengths.")] bool IpoOnSums = false,
    [Setting("on: bco_pair's shift is the mean of all rewards so far, the step's own included. off: 0.")] bool BcoRewardMean = false,
    [Setting("The temperature of discopop's modulation.", Above = 0)] float DiscopopTau = 0.05f,
    [Setting(
        "The margin that simpo and alphapo ask for. gamma-beta-ratio gives it as a share of beta instead; off: simpo-gamma counts.",
        Min = 0)]
        float SimpoGamma = 0.5f,
    [Setting(Off = "off", Min = 0)] float? GammaBetaRatio = null,
    [Setting("The exponent of alphapo's reward. 0: simpo.")] float AlphapoAlpha = 0.25f,
    [Setting("Weight of the likelihood term in the losses of cpo. 0: off.", Min = 0)] float CpoAlpha = 1,
    [Setting("Weights of desirable and of undesirable completions in kto and apo_zero_unpaired.", Min = 0)] float DesirableWeight = 1,
    [Setting(Min = 0)] float UndesirableWeight = 1,
    [Setting("What each token that the chosen completion has more counts for in the margin of sigmoid_length (arXiv 2403.19159).")]
        float LengthAlpha = 0.01f,
    [Setting(
        "How likely ties are in dpo_rk (arXiv 2409.17431): a won pair is this many times as likely as a lost one where ties begin.",
        Above = 1)]
        float RaoKupperNu = 3,
    [Setting("How likely ties are in dpo_d: of two that are as good, 2ν to 1 of each that wins.", Above = 0)] float DavidsonNu = 1,
    [Setting(
        "How much a step's beta follows how far its pairs are apart: beta * (1 + dynamic-beta * (M - M0)), M the mean margin of log-ratios and M0 its moving average (beta-DPO, "
        + "arXiv 2407.08639). A step of several passes then goes through the model twice. 0: off.", Min = 0)]
    float DynamicBeta = 0,
    [Setting(
        "Penalties beside the losses: relu(score - limit) * weight for each pair, logged as constraints/NAME. None: off. DPO-Positive holds the chosen up:\n\n"
        + "  constraints { hold { score = chosen-drop, limit = 0, weight = 5 } }")]
    IReadOnlyList<LossConstraint>? Constraints = null) : ICheckedSettings
{
    public LossOptions(string loss, float beta = 0.1f) : this([new WeightedLoss(loss)], beta)
    {
    }

    /// <summary>The losses' names in a row.</summary>
    [JsonIgnore]
    public string NamesOfLosses => string.Join(", ", Losses.Select(loss => loss.Name));

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) => LossRules.Violations(this);
}

/// <summary>The losses and their weights as a configuration file has them.</summary>
public sealed record WrittenLosses(
    [Setting("What is minimised: one loss, or a list of them, e.g. [sigmoid, sft]; docs/losses.md has the table of formulas and sources.\n"
        + "On pairs: sigmoid, robust, sigmoid_geometric, sigmoid_length, dpo_rk, dpo_d, hinge, exo_pair, discopop, sigmoid_norm, ipo, sppo_hard, sppo, nca_pair, bco_pair, apo_zero, apo_down, aot, aot_unpaired; "
        + "without a reference: sft, simpo, simpo_hinge, alphapo, cpo, cpo_hinge, cpo_ipo, orpo.\n"
        + "On completions with a label each, which pairs are taken apart to: kto, apo_zero_unpaired.\n"
        + "A setting below that none of the chosen losses reads must keep its default.", Default = "sigmoid", OrOne = true)]
    IReadOnlyList<string> Type,
    [Setting("Their weights, in the same order (MPO, arXiv 2411.10442; RPO is sigmoid and sft). []: 1 each.", Default = "[]", Min = 0)]
        IReadOnlyList<float> Weights) : IWrittenSettings, ICheckedSettings
{
    public object Value => Type.Select((name, i) => new WeightedLoss(name, Weights.Count == 0 ? 1 : Weights[i])).ToArray();

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
    [
        .. SettingViolation.UnlessSome("type", Type, [.. PreferenceLosses.Names]),
        .. Weights.Count == 0 || Weights.Count == Type.Count
            ? Array.Empty<SettingViolation>()
            : [new("weights", $"[{string.Join(", ", Weights)}]", $"it must have a weight for each of {string.Join(", ", Type)}, or none")],
    ];
}
