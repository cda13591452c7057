using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Pairs;

/// <summary>Which of a prompt's candidate pairs are taken; docs/pairs.md has the sources.</summary>
public enum PairStrategy
{
    /// <summary>The one pair that is furthest apart.</summary>
    BestWorst,

    /// <summary>A best sample against random worse ones that differ.</summary>
    BestRandom,

    /// <summary>A best sample against the next best: one pair.</summary>
    BestSecond,

    /// <summary>Any that differ, at random.</summary>
    AllAboveMargin,

    /// <summary>Any of the k best against any of the k worst, the furthest apart first.</summary>
    TopBottom,

    /// <summary>Any two that differ, at random, of the samples that rejection sampling accepts.</summary>
    RejectionSampling,

    /// <summary>Each best sample against the worse one that is nearest in length.</summary>
    LengthMatched,

    /// <summary>A best sample against the one whose score is nearest to the mean less two standard deviations: one pair.</summary>
    BestTwoSigma,
}

/// <summary>How pairs are chosen among a prompt's samples.</summary>
/// <param name="MaxLength">The trainer's cut, in tokens of prompt and completion: completions equal up to here are equal; 0 is no
/// cut.</param>
public sealed record PairSelectionOptions(
    [Setting("Which of a prompt's samples make pairs; docs/pairs.md has the sources.\n"
        + "best-worst: the one pair furthest apart.  best-random: a best sample against random worse ones.\n"
        + "best-second: a best sample against the next best, one pair.  all-above-margin: any that differ enough, at random.\n"
        + "top-bottom: the k best against the k worst, the furthest apart first.  rejection-sampling: any, of the samples that it accepts (RSO).\n"
        + "length-matched: each best sample against the worse one nearest in length.\n"
        + "best-two-sigma: a best sample against the one nearest to the mean of the prompt's scores less two standard deviations, one pair.")]
    PairStrategy Strategy = PairStrategy.BestRandom,
    [Setting(
        "Most pairs of one prompt. best-worst, best-second and best-two-sigma take 1 whatever this is.",
        Key = "max-per-prompt",
        Min = 1,
        Max = 10_000)]
        int MaxPairsPerPrompt = 2,
    [Setting("Scores of a pair are at least this far apart, in the judge's units; they differ in any case. 0: off.", Min = 0)]
        double MinMargin = 0,
    [property: JsonPropertyName("max-completion-tokens")] int MaxLength = 0,
    [Setting("top-bottom: samples at each end, at most half of them.", Min = 1, Max = 512)] int TopBottomK = 2,
    [Setting(
        "rejection-sampling: a sample is accepted with probability exp((score - best score) / rso-beta), until there are rso-samples of them.",
        Above = 0,
        IsSingle = true)]
    double RsoBeta = 0.5,
    [Setting(Min = 2, Max = 1024)] int RsoSamples = 4,
    [Setting("The longer completion has at most this many times the tokens of the shorter, 1 or more. 0: off.", Min = 0)]
        double MaxLengthRatio = 0,
    [Setting(
        "Two texts more alike than this make no pair: the share of their three-character pieces that they have in common (TextSketch). Equal texts make none in any case. 1: off.",
        Min = 0,
        Max = 1)]
    double MaxSimilarity = 1,
    [Setting("on: pairs are left out at random until the chosen completion is as often the longer as the shorter one.")]
        bool BalanceLengths = false,
    [Setting(
        "Most ties of one prompt that are kept as pairs of probability 0.5, for losses that learn from them: dpo_rk, dpo_d (arXiv 2409.17431). They count beside max-per-prompt. 0: off.",
        Min = 0,
        Max = 10_000)]
    int TiesPerPrompt = 0,
    [Setting(
        "on: the probability of a round's pairs is how far its judge with the policy before ranks the samples alike, (1 + Kendall's tau) / 2, the mean over the prompts (CREAM, arXiv 2410.12735); "
        + "1 in the first round. For judges that ask the policy, which judge twice, and losses that read a probability.")]
    bool Consistency = false) : ICheckedSettings
{
    private static readonly PairSelectionOptions s_default = new();

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
    [
        .. MaxLengthRatio is > 0 and < 1
            ? [new("max-length-ratio", $"{MaxLengthRatio}", "it must be 1 or more, or 0 for off")]
            : Array.Empty<SettingViolation>(),
        .. Unread("top-bottom-k", TopBottomK, s_default.TopBottomK, PairStrategy.TopBottom),
        .. Unread("rso-beta", RsoBeta, s_default.RsoBeta, PairStrategy.RejectionSampling),
        .. Unread("rso-samples", RsoSamples, s_default.RsoSamples, PairStrategy.RejectionSampling),
    ];

    private IEnumerable<SettingViolation> Unread(string key, double value, double standard, PairStrategy reader) =>
        value == standard || Strategy == reader
        ? []
        :
        [
            new(
                key,
                $"{value}",
                $"strategy {Words.Kebab(Strategy)} does not read it; leave it out, or set strategy = {Words.Kebab(reader)}"),
        ];
}
