using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>Two samples of one prompt, one judged better; or a tie, of which either is the chosen one.</summary>
/// <param name="ChosenIndex">The <see cref="Sample.Index"/> of the better one.</param>
/// <param name="RejectedIndex">The index of the worse one.</param>
/// <param name="ChosenScore">The score that made it the better one; higher than <paramref name="RejectedScore"/>, but in a tie.</param>
/// <param name="Probability">The judge's probability that chosen beats rejected, above 0.5; 1 for a hard label, 0.5 for a tie.</param>
/// <param name="LengthDifference">Tokens that the trainer keeps of the chosen one, less those of the rejected one.</param>
public sealed record SelectedPair(
    string PromptId,
    int ChosenIndex,
    int RejectedIndex,
    double ChosenScore,
    double RejectedScore,
    double Probability = 1,
    int LengthDifference = 0)
{
    public bool IsTie => Probability == 0.5;
}

/// <summary>The pairs of one prompt, and the account of them.</summary>
public sealed record PairSelection(IReadOnlyList<SelectedPair> Pairs, PairSelectionCounts Counts);

/// <summary>A prompt with what was selected of it.</summary>
public sealed record PromptPairs(PromptSamples Samples, Verdict Verdict, PairSelection Selection);
