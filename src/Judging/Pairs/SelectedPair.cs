namespace IterativeDpo.Judging.Pairs;

/// <summary>Two samples of one prompt, one judged better.</summary>
/// <param name="ChosenIndex">The <see cref="Generation.Sample.Index"/> of the better one.</param>
/// <param name="RejectedIndex">The index of the worse one.</param>
/// <param name="ChosenScore">The score that made it the better one; higher than <paramref name="RejectedScore"/>.</param>
/// <param name="Probability">The judge's probability that chosen beats rejected; 1 for a hard label.</param>
public sealed record SelectedPair(
    string PromptId,
    int ChosenIndex,
    int RejectedIndex,
    double ChosenScore,
    double RejectedScore,
    double Probability = 1);

/// <summary>
/// What became of the prompts and of the candidate pairs: every two scored samples of a prompt are either a duplicate, a tie,
/// within the margin, or candidates.
/// </summary>
/// <param name="Prompts">Prompts looked at.</param>
/// <param name="Pairs">Pairs selected.</param>
/// <param name="Abstained">Prompts without two scored samples.</param>
/// <param name="ZeroSignal">Prompts with two scored samples or more, and no two that could be told apart.</param>
/// <param name="Ties">Two samples of different text and equal score.</param>
/// <param name="Duplicates">Two samples of equal text, also after the trainer's cut.</param>
/// <param name="WithinMargin">Two samples whose scores differ by less than the margin.</param>
public sealed record PairSelectionCounts(
    int Prompts = 0,
    int Pairs = 0,
    int Abstained = 0,
    int ZeroSignal = 0,
    int Ties = 0,
    int Duplicates = 0,
    int WithinMargin = 0)
{
    /// <summary>Prompts that gave no pair.</summary>
    public int Dropped => Abstained + ZeroSignal;

    public static PairSelectionCounts operator +(PairSelectionCounts a, PairSelectionCounts b) => Add(a, b);

    public static PairSelectionCounts Add(PairSelectionCounts left, PairSelectionCounts right) => new(
        left.Prompts + right.Prompts,
        left.Pairs + right.Pairs,
        left.Abstained + right.Abstained,
        left.ZeroSignal + right.ZeroSignal,
        left.Ties + right.Ties,
        left.Duplicates + right.Duplicates,
        left.WithinMargin + right.WithinMargin);
}

/// <summary>The pairs of one prompt or of many, and the account of them.</summary>
public sealed record PairSelection(IReadOnlyList<SelectedPair> Pairs, PairSelectionCounts Counts);
