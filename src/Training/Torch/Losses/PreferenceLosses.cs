using IterativeDpo.Artifacts;
using static IterativeDpo.Training.Torch.Losses.LossSettings;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>
/// The preference losses, by TRL's names where TRL has them: pure functions of log-probs. The words are those of docs/losses.md.
/// </summary>
public static class PreferenceLosses
{
    private const LossSettings Paired = LdAlpha | ReferenceFree;
    private const LossSettings Scored = Paired | LossSettings.FDivergence;
    private const LossSettings Labels = LabelSmoothing | ProbabilisticLabels;
    private const LossSettings Margin = LdAlpha | SimpoGamma | GammaBetaRatio;
    private const LossSettings ByLabel = ReferenceFree | DesirableWeight | UndesirableWeight;

    public static readonly IReadOnlyList<PreferenceLoss> All =
    [
        new(
            "sigmoid",
            "(1−ε) ℓ(βΔ) + ε ℓ(−βΔ)",
            "DPO, arXiv 2305.18290 eq. 7; with ε > 0 cDPO",
            Scored | Labels | LossSettings.DynamicBeta,
            MarginLosses.Sigmoid),
        new(
            "robust",
            "[(1−ε) ℓ(βΔ) − ε ℓ(−βΔ)] / (1−2ε)",
            "arXiv 2403.00409",
            Scored | LabelSmoothing | LossSettings.DynamicBeta,
            MarginLosses.Robust),
        new("sigmoid_geometric", "ℓ(β(2P−1)Δ), P the judge's probability", "GDPO, arXiv 2409.06691", Scored, MarginLosses.Geometric)
        {
            UsesProbability = true,
        },
        new(
            "sigmoid_length",
            "ℓ(βΔ + α(n_w − n_l)), α = length-alpha",
            "R-DPO, arXiv 2403.19159; in rounds, 2406.11817",
            Scored | LengthAlpha,
            MarginLosses.LengthRegularised),
        new(
            "dpo_rk",
            "ℓ(βΔ − log ν), and of a tie (P = ½) ℓ(βΔ − log ν) + ℓ(−βΔ − log ν) − log(ν² − 1), ν = rao-kupper-nu",
            "arXiv 2409.17431 (Rao and Kupper 1967)",
            Scored | RaoKupperNu,
            MarginLosses.RaoKupper)
        {
            UsesProbability = true,
            LearnsTies = true,
        },
        new(
            "dpo_d",
            "log(1 + e^(−βΔ) + 2ν e^(−βΔ/2)), and of a tie (P = ½) that + βΔ/2 − log 2ν, ν = davidson-nu",
            "arXiv 2409.17431 (Davidson 1970)",
            Scored | DavidsonNu,
            MarginLosses.Davidson)
        {
            UsesProbability = true,
            LearnsTies = true,
        },
        new(
            "hinge",
            "max(0, 1 − βΔ)",
            "RSO, arXiv 2309.06657; SLiC, arXiv 2305.10425",
            Scored | LossSettings.DynamicBeta,
            MarginLosses.Hinge),
        new(
            "exo_pair",
            "σ(βΔ) [log σ(βΔ) − log(1−ε)] + σ(−βΔ) [log σ(−βΔ) − log ε], ε 0.001 where it is 0",
            "arXiv 2402.00856 eq. 16",
            Scored | Labels,
            MarginLosses.ExoPair),
        new("discopop", "σ(−βΔ/τ) ℓ(βΔ) + σ(βΔ/τ) e^(−βΔ)", "arXiv 2406.08414 eq. 5", Scored | DiscopopTau, MarginLosses.Discopop),
        new("sigmoid_norm", "ℓ(β (s_w/n_w − s_l/n_l))", "TRL; arXiv 2411.15124", Scored, MarginLosses.SigmoidNorm),
        new(
            "ipo",
            "(s_w/n_w − s_l/n_l − 1/(2β))²; with ipo-on-sums without n",
            "arXiv 2310.12036 eq. 17",
            Scored | IpoOnSums,
            RewardLosses.Ipo),
        new("sppo_hard", "(s_w − 1/(2β))² + (s_l + 1/(2β))²", "arXiv 2405.00675", Scored, RewardLosses.SppoHard),
        new("sppo", "½ [(r_w − (P−½)/β)² + (r_l + (P−½)/β)²], P the judge's probability", "arXiv 2405.00675", Paired, RewardLosses.Sppo)
        {
            UsesProbability = true,
        },
        new("nca_pair", "ℓ(βs_w) + ½ ℓ(−βs_w) + ½ ℓ(−βs_l)", "arXiv 2402.05369", Scored, RewardLosses.NcaPair),
        new("bco_pair", "ℓ(βs_w − δ) + ℓ(δ − βs_l)", "arXiv 2404.04656", Scored | BcoRewardMean, RewardLosses.BcoPair),
        new("apo_zero", "1 − σ(βr_w) + σ(βr_l)", "arXiv 2408.06266 eq. 7", Paired, RewardLosses.ApoZero),
        new("apo_down", "σ(βr_w) + 1 − σ(βΔ)", "arXiv 2408.06266 eq. 8", Scored, RewardLosses.ApoDown),
        new(
            "aot",
            "(1−ε) ℓ(βD) + ε ℓ(−βD), D = sort(W − L) − sort(W_ref − L_ref)",
            "arXiv 2406.05882",
            Paired | LabelSmoothing,
            TransportLosses.Aot)
        {
            NeedsWholeStep = true,
        },
        new(
            "aot_unpaired",
            "the same with D = sort(r_w) − sort(r_l)",
            "arXiv 2406.05882",
            Paired | LabelSmoothing,
            TransportLosses.AotUnpaired)
        {
            NeedsWholeStep = true,
            Alias = "aot_pair",
        },
        new("sft", "NLL: −W / n_w, the mean over the step's chosen tokens", "maximum likelihood", None, (x, _) => x.NegativeLogLikelihood),
        new("simpo", "(1−ε) ℓ(z) + ε ℓ(−z), z = β(W̄ − L̄) − γ", "arXiv 2405.14734 eq. 6", Margin | Labels, LikelihoodLosses.Simpo)
        {
            Reward = LikelihoodLosses.MeanReward,
        },
        new("simpo_hinge", "max(0, 1 − (β(W̄ − L̄) − γ))", "the hinge form of the same", Margin, LikelihoodLosses.SimpoHinge)
        {
            Reward = LikelihoodLosses.MeanReward,
        },
        new("alphapo", "simpo with (1 − e^(−αW̄)) / α for W̄", "arXiv 2501.03884", Margin | Labels | AlphapoAlpha, LikelihoodLosses.Alphapo)
        {
            Reward = LikelihoodLosses.AlphaReward,
        },
        new("cpo", "(1−ε) ℓ(β(W − L)) + ε ℓ(β(L − W)) + α NLL", "arXiv 2401.08417", LdAlpha | Labels | CpoAlpha, LikelihoodLosses.Cpo)
        {
            Reward = LikelihoodLosses.SumReward,
        },
        new("cpo_hinge", "max(0, 1 − β(W − L)) + α NLL", "TRL's CPO with loss_type hinge", LdAlpha | CpoAlpha, LikelihoodLosses.CpoHinge)
        {
            Reward = LikelihoodLosses.SumReward,
        },
        new("cpo_ipo", "(W̄ − L̄ − 1/(2β))² + α NLL", "TRL's CPO with loss_type ipo", LdAlpha | CpoAlpha, LikelihoodLosses.CpoIpo)
        {
            Reward = LikelihoodLosses.MeanReward,
        },
        new("orpo", "NLL + β ℓ(W̄ − L̄ − log(1 − e^W̄) + log(1 − e^L̄))", "arXiv 2403.07691 eq. 6", LdAlpha, LikelihoodLosses.Orpo)
        {
            Reward = LikelihoodLosses.MeanReward,
            Metrics = LikelihoodLosses.OrpoMetrics,
        },
        new(
            "kto",
            "λ_D (1 − σ(β(r − K))) or λ_U (1 − σ(β(K − r))), K = max(0, mean of r over mismatched completions)",
            "arXiv 2402.01306 eq. 7",
            ByLabel,
            LabelledLosses.Kto)
        {
            Unpaired = true,
            UsesMismatched = true,
            NeedsWholeStep = true,
            Metrics = LabelledLosses.KtoMetrics,
        },
        new("apo_zero_unpaired", "λ_D (1 − σ(βr)) or λ_U σ(βr)", "arXiv 2408.06266", ByLabel, LabelledLosses.ApoZero) { Unpaired = true },
    ];

    /// <summary>Every name that <see cref="Named"/> knows.</summary>
    public static IEnumerable<string> Names => All.Select(loss => loss.Name).Concat(All.Select(loss => loss.Alias).OfType<string>());

    /// <exception cref="UserInputException">There is no such loss; the message lists those there are.</exception>
    public static PreferenceLoss Named(string name) => All.FirstOrDefault(loss => loss.Name == name || loss.Alias == name)
        ?? throw new UserInputException($"there is no loss '{name}'; choose one of {string.Join(", ", Names)}.");
}
