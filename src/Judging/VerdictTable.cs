namespace IterativeDpo.Judging;

/// <summary>
/// A verdict on a prompt, looked up by sample: which of two is better, by the judge's comparison of them or else by its scores.
/// </summary>
/// <exception cref="ArgumentException">
/// A sample has two scores or two samples have two comparisons, a score is not finite, or a probability is outside 0 to 1.
/// </exception>
internal sealed class VerdictTable
{
    private readonly Dictionary<int, double> _scores = [];
    private readonly Dictionary<(int First, int Second), Comparison> _comparisons = [];

    public VerdictTable(string promptId, Verdict verdict)
    {
        foreach (var (index, score, _, _) in verdict.Judgements)
        {
            if (score is { } value && (!double.IsFinite(value) || !_scores.TryAdd(index, value)))
            {
                throw new ArgumentException(
                    $"prompt {promptId}, sample {index}: a score that is not finite, or two of them",
                    nameof(verdict));
            }
        }
        foreach (var comparison in verdict.Comparisons ?? [])
        {
            if (comparison.Probability is not (>= 0 and <= 1)
                || _comparisons.ContainsKey((comparison.Second, comparison.First))
                || !_comparisons.TryAdd((comparison.First, comparison.Second), comparison))
            {
                throw new ArgumentException(
                    $"prompt {promptId}, samples {comparison.First} and {comparison.Second}: a probability outside 0 to 1, or two comparisons",
                    nameof(verdict));
            }
        }
    }

    public double? ScoreOf(int index) => _scores.TryGetValue(index, out var score) ? score : null;

    /// <summary>The comparison of two samples, whichever came first in it.</summary>
    public Comparison? ComparisonOf(int first, int second) =>
        _comparisons.GetValueOrDefault((first, second)) ?? _comparisons.GetValueOrDefault((second, first));

    /// <returns>Which of the two is better, and how likely it is the first; scores are certain.</returns>
    public (Preference Preference, double Probability) Compare(int first, int second)
    {
        if (ComparisonOf(first, second) is { } comparison)
        {
            return comparison.First == first
                ? (comparison.Preference, comparison.Probability)
                : (Turned(comparison.Preference), 1 - comparison.Probability);
        }
        return (ScoreOf(first), ScoreOf(second)) switch
        {
            ({ } a, { } b) when a > b => (Preference.First, 1),
            ({ } a, { } b) when a < b => (Preference.Second, 0),
            ({ }, { }) => (Preference.Tie, 0.5),
            _ => (Preference.Abstained, 0.5),
        };
    }

    private static Preference Turned(Preference preference) => preference switch
    {
        Preference.First => Preference.Second,
        Preference.Second => Preference.First,
        _ => preference,
    };
}
