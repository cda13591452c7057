using System.Text.Json.Serialization;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// What became of the prompts and of their candidate pairs. Every two scored samples of a prompt are counted once: as a pair or as the
/// first of the reasons below, from <paramref name="Ties"/> on, that holds of them.
/// </summary>
/// <param name="Prompts">Prompts looked at.</param>
/// <param name="Pairs">Pairs selected.</param>
/// <param name="Abstained">Prompts without two scored samples.</param>
/// <param name="ZeroSignal">Prompts with two scored samples or more, and no two that may make a pair.</param>
/// <param name="Ties">Two samples of different text, of equal score or called a tie, that are not kept as a pair.</param>
/// <param name="Duplicates">Two samples of equal text, also after the trainer's cut.</param>
/// <param name="WithinMargin">Two samples whose scores differ by less than the margin.</param>
/// <param name="Undecided">Two samples that the judge compared, and abstained on.</param>
/// <param name="Contradicted">Two samples that the judge, comparing them, put the other way round than by its scores.</param>
/// <param name="LengthRatio">Two samples of too different a length.</param>
/// <param name="Similar">Two samples of almost equal text.</param>
/// <param name="Unselected">Two samples that might make a pair, which the strategy or the limit per prompt left out.</param>
/// <param name="Unbalanced">Pairs left out to balance lengths.</param>
/// <param name="NoneSelected">Prompts with samples that might make a pair, all left out.</param>
/// <param name="TiePairs">Of the pairs, those that are ties.</param>
/// <param name="Anchored">Two samples of which the better one is the base's, which is never chosen beside the policy's.</param>
public sealed record PairSelectionCounts(
    int Prompts = 0,
    int Pairs = 0,
    int Abstained = 0,
    int ZeroSignal = 0,
    long Ties = 0,
    long Duplicates = 0,
    long WithinMargin = 0,
    long Undecided = 0,
    long Contradicted = 0,
    long LengthRatio = 0,
    long Similar = 0,
    long Unselected = 0,
    int Unbalanced = 0,
    int NoneSelected = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int TiePairs = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Anchored = 0)
{
    /// <summary>Prompts that gave no pair.</summary>
    [JsonIgnore]
    public int Dropped => Abstained + ZeroSignal + NoneSelected;

    public static PairSelectionCounts operator +(PairSelectionCounts a, PairSelectionCounts b) => Add(a, b);

    public static PairSelectionCounts Add(PairSelectionCounts left, PairSelectionCounts right) => new(
        left.Prompts + right.Prompts,
        left.Pairs + right.Pairs,
        left.Abstained + right.Abstained,
        left.ZeroSignal + right.ZeroSignal,
        left.Ties + right.Ties,
        left.Duplicates + right.Duplicates,
        left.WithinMargin + right.WithinMargin,
        left.Undecided + right.Undecided,
        left.Contradicted + right.Contradicted,
        left.LengthRatio + right.LengthRatio,
        left.Similar + right.Similar,
        left.Unselected + right.Unselected,
        left.Unbalanced + right.Unbalanced,
        left.NoneSelected + right.NoneSelected,
        left.TiePairs + right.TiePairs,
        left.Anchored + right.Anchored);
}
