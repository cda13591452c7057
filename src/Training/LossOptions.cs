using System.Text.Json.Serialization;

namespace IterativeDpo.Training;

/// <summary>A loss by its name in the table, and its share of the objective.</summary>
public sealed record WeightedLoss(string Name, float Weight = 1);

/// <summary>How the log-ratio of policy and reference becomes a score (arXiv 2309.16240); <see cref="ReverseKl"/> is DPO's own.</summary>
public enum FDivergence { ReverseKl, ForwardKl, JsDivergence, AlphaDivergence }

/// <summary>
/// What is minimised: Σ weight · loss, and what the losses read. A loss lists the options that it reads; the others must have their
/// default, see <c>PreferenceLosses</c>.
/// </summary>
/// <param name="Losses">One loss, or several with weights (MPO, arXiv 2411.10442).</param>
/// <param name="Beta">β: how strongly the policy is held to the reference.</param>
/// <param name="LabelSmoothing">ε: the chance that a label is wrong, in [0, 0.5).</param>
/// <param name="ProbabilisticLabels">Each pair's own probability takes the place of 1 − ε.</param>
/// <param name="FDivergence">The score's divergence.</param>
/// <param name="AlphaDivergenceCoefficient">Its α, where it is <see cref="FDivergence.AlphaDivergence"/>; 1 is reverse KL.</param>
/// <param name="LdAlpha">LD-DPO (arXiv 2409.06411): weight in [0, 1] of the tokens past the shorter completion's length; 1 is off.</param>
/// <param name="Wpo">Weighs each pair by how likely the policy finds it (WPO, arXiv 2406.11827).</param>
/// <param name="ReferenceFree">The reference counts as uniform: r = log π.</param>
[method: JsonConstructor]
public sealed record LossOptions(
    IReadOnlyList<WeightedLoss> Losses,
    float Beta = 0.1f,
    float LabelSmoothing = 0,
    bool ProbabilisticLabels = false,
    FDivergence FDivergence = FDivergence.ReverseKl,
    float AlphaDivergenceCoefficient = 1,
    float LdAlpha = 1,
    bool Wpo = false,
    bool ReferenceFree = false)
{
    public LossOptions(string loss, float beta = 0.1f) : this([new WeightedLoss(loss)], beta)
    {
    }
}
