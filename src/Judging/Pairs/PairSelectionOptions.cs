namespace IterativeDpo.Judging.Pairs;

/// <summary>Which of a prompt's candidate pairs are taken.</summary>
public enum PairStrategy
{
    /// <summary>The one pair that is furthest apart.</summary>
    BestWorst,

    /// <summary>A best sample against random worse ones that differ.</summary>
    BestRandom,

    /// <summary>Any that differ, at random.</summary>
    AllAboveMargin,
}

/// <summary>How pairs are chosen among a prompt's samples.</summary>
/// <param name="MaxPairsPerPrompt">1 or more; <see cref="PairStrategy.BestWorst"/> takes 1 whatever this is.</param>
/// <param name="MinMargin">Scores must be this far apart, 0 to 1; they must differ in any case.</param>
/// <param name="MaxCompletionTokens">The trainer's cut: completions equal up to here are equal; 0 is no cut.</param>
public sealed record PairSelectionOptions(
    PairStrategy Strategy = PairStrategy.BestRandom,
    int MaxPairsPerPrompt = 2,
    double MinMargin = 0,
    int MaxCompletionTokens = 0);
