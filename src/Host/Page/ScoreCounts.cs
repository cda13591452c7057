using System.Collections.Immutable;
using IterativeDpo.Judging;

namespace IterativeDpo.Host.Page;

/// <summary>How many samples have which score.</summary>
/// <param name="Scores">Samples by score, which is rounded to two decimals.</param>
/// <param name="Abstained">Samples without a score.</param>
/// <param name="Failed">Prompts that the judge failed on.</param>
internal sealed record ScoreCounts(ImmutableSortedDictionary<double, int> Scores, int Abstained, int Failed)
{
    private const int MostBars = 12;

    public static ScoreCounts None { get; } = new(ImmutableSortedDictionary<double, int>.Empty, 0, 0);

    public int Total => Scores.Values.Sum();

    public static ScoreCounts Of(IEnumerable<PromptVerdict> verdicts)
    {
        var (scores, abstained, failed) = (ImmutableSortedDictionary.CreateBuilder<double, int>(), 0, 0);
        foreach (var verdict in verdicts)
        {
            failed += verdict.Verdict is null ? 1 : 0;
            foreach (var judgement in verdict.Verdict?.Judgements ?? [])
            {
                if (judgement.Score is { } score)
                {
                    var rounded = Math.Round(score, 2);
                    scores[rounded] = scores.GetValueOrDefault(rounded) + 1;
                }
                else
                {
                    abstained++;
                }
            }
        }
        return new(scores.ToImmutable(), abstained, failed);
    }

    public static ScoreCounts operator +(ScoreCounts left, ScoreCounts right) => new(
        left.Scores.SetItems(
            right.Scores.Select(score => KeyValuePair.Create(score.Key, left.Scores.GetValueOrDefault(score.Key) + score.Value))),
        left.Abstained + right.Abstained,
        left.Failed + right.Failed);

    /// <summary>A bar for each score, or for each of some ranges of equal width where there are many; the highest first.</summary>
    public IReadOnlyList<(string Name, int Count)> Bars()
    {
        if (Scores.Count <= MostBars)
        {
            return [.. Scores.Reverse().Select(score => (Number(score.Key), score.Value))];
        }
        var (low, high) = (Scores.Keys.First(), Scores.Keys.Last());
        var width = (high - low) / MostBars;
        return [.. Enumerable.Range(0, MostBars).Reverse().Select(bar => (
            $"{Number(low + (bar * width))} to {Number(low + ((bar + 1) * width))}",
            Scores.Where(score => Math.Min(MostBars - 1, (int)((score.Key - low) / width)) == bar).Sum(score => score.Value)))];
    }

    private static string Number(double score) => score.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
}
