using System.Text.Json.Serialization;

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
}

/// <summary>How pairs are chosen among a prompt's samples.</summary>
/// <param name="MaxPairsPerPrompt">1 or more; <see cref="PairStrategy.BestWorst"/> and <see cref="PairStrategy.BestSecond"/> take 1 whatever this is.</param>
/// <param name="MinMargin">Scores must be this far apart, in the judge's units; they must differ in any case.</param>
/// <param name="MaxLength">The trainer's cut, in tokens of prompt and completion: completions equal up to here are equal; 0 is no cut.</param>
/// <param name="TopBottomK">Samples at each end that <see cref="PairStrategy.TopBottom"/> pairs, at most half of them.</param>
/// <param name="RsoBeta">Above 0: the temperature of <see cref="PairStrategy.RejectionSampling"/>, in the judge's units.</param>
/// <param name="RsoSamples">Samples that <see cref="PairStrategy.RejectionSampling"/> accepts, 2 or more.</param>
/// <param name="MaxLengthRatio">Most that the longer completion is of the shorter, in tokens, 1 or more; 0 is off.</param>
/// <param name="MaxSimilarity">Two texts more alike than this, 0 to 1, make no pair (<see cref="TextSketch"/>); 1 is off.</param>
/// <param name="BalanceLengths">Leave pairs out so that the chosen completion is as often the longer as the shorter one.</param>
public sealed record PairSelectionOptions(
    PairStrategy Strategy = PairStrategy.BestRandom,
    int MaxPairsPerPrompt = 2,
    double MinMargin = 0,
    [property: JsonPropertyName("max-completion-tokens")] int MaxLength = 0,
    int TopBottomK = 2,
    double RsoBeta = 0.5,
    int RsoSamples = 4,
    double MaxLengthRatio = 0,
    double MaxSimilarity = 1,
    bool BalanceLengths = false);
