using System.Text.Json.Serialization;

namespace IterativeDpo.Training;

/// <summary>A loss by its name in the table, and its share of the objective.</summary>
public sealed record WeightedLoss(string Name, float Weight = 1);

/// <summary>How the log-ratio of policy and reference becomes a score (arXiv 2309.16240); <see cref="ReverseKl"/> is DPO's own.</summary>
public enum FDivergence { ReverseKl, ForwardKl, JsDivergence, AlphaDivergence }

/// <summary>A penalty on each pair, relu(score − limit) · weight, which is added to the loss and logged as <c>constraints/NAME</c>.</summary>
/// <param name="Name">What it is logged by.</param>
/// <param name="Score">One of the table <c>ConstraintScores</c>, e.g. <c>chosen-drop</c> for DPO-Positive (arXiv 2402.13228).</param>
/// <param name="Limit">The score that is free of charge.</param>
public sealed record LossConstraint(string Name, string Score, float Limit, float Weight);

/// <summary>
/// What is minimised: Σ weight · loss, and what the losses read. A loss lists the options that it reads; one that no chosen loss reads
/// must have its default, see <c>LossRules</c>.
/// </summary>
/// <param name="Losses">One loss, or several with weights (MPO, arXiv 2411.10442; RPO is sigmoid and sft).</param>
/// <param name="Beta">β: how strongly the policy is held to the reference, and the scale of the rewards.</param>
/// <param name="LabelSmoothing">ε: the chance that a label is wrong, in [0, 0.5).</param>
/// <param name="ProbabilisticLabels">Each pair's own probability takes the place of 1 − ε.</param>
/// <param name="FDivergence">The score's divergence.</param>
/// <param name="AlphaDivergenceCoefficient">Its α, where it is <see cref="FDivergence.AlphaDivergence"/>; 1 is reverse KL.</param>
/// <param name="LdAlpha">LD-DPO (arXiv 2409.06411): weight in [0, 1] of the tokens past the shorter completion's length; 1 is off.</param>
/// <param name="Wpo">Weighs each example by how likely the policy finds it (WPO, arXiv 2406.11827).</param>
/// <param name="ReferenceFree">The reference counts as uniform: r = log π.</param>
/// <param name="IpoOnSums">ipo without the division by the completions' lengths.</param>
/// <param name="BcoRewardMean">δ of bco_pair is the mean of all rewards so far, the step's own included; off, it is 0.</param>
/// <param name="DiscopopTau">τ of discopop.</param>
/// <param name="SimpoGamma">γ of simpo and alphapo: the margin asked for.</param>
/// <param name="GammaBetaRatio">γ / β, in the place of γ; null is off.</param>
/// <param name="AlphapoAlpha">α of alphapo; at 0 it is simpo.</param>
/// <param name="CpoAlpha">Weight of cpo's likelihood term.</param>
/// <param name="DesirableWeight">λ_D of the losses on labelled completions.</param>
/// <param name="UndesirableWeight">λ_U of the same.</param>
/// <param name="Constraints">Penalties beside the losses; null is none.</param>
[method: JsonConstructor]
public sealed record LossOptions(
    IReadOnlyList<WeightedLoss> Losses,
    float Beta = 0.1f,
    float LabelSmoothing = 0,
    bool ProbabilisticLabels = false,
    FDivergence FDivergence = FDivergence.ReverseKl,
    float AlphaDivergenceCoefficient = 0.5f,
    float LdAlpha = 1,
    bool Wpo = false,
    bool ReferenceFree = false,
    bool IpoOnSums = false,
    bool BcoRewardMean = false,
    float DiscopopTau = 0.05f,
    float SimpoGamma = 0.5f,
    float? GammaBetaRatio = null,
    float AlphapoAlpha = 0.25f,
    float CpoAlpha = 1,
    float DesirableWeight = 1,
    float UndesirableWeight = 1,
    IReadOnlyList<LossConstraint>? Constraints = null)
{
    public LossOptions(string loss, float beta = 0.1f) : this([new WeightedLoss(loss)], beta)
    {
    }
}
