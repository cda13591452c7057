using System.Globalization;

namespace IterativeDpo.Judging;

/// <summary>Comparisons of rewards: P(i beats j) = σ(rᵢ − rⱼ) (Bradley and Terry 1952).</summary>
public static class BradleyTerry
{
    /// <summary>The chance that the first of two is better, by the difference of their rewards.</summary>
    public static double Probability(double difference) => 1 / (1 + Math.Exp(-difference));

    /// <summary>Compares every two judgements that have a score.</summary>
    /// <param name="tieMargin">Rewards closer than this are a tie, as equal ones are in any case; 0 or more, in units of the
    /// reward.</param>
    public static IReadOnlyList<Comparison> Compare(IEnumerable<Judgement> judgements, double tieMargin)
    {
        Judgement[] scored = [.. judgements.Where(judgement => judgement.Score is not null)];
        var comparisons = new List<Comparison>(scored.Length * (scored.Length - 1) / 2);
        for (var i = 0; i < scored.Length; i++)
        {
            for (var j = i + 1; j < scored.Length; j++)
            {
                comparisons.Add(Compare(scored[i], scored[j], tieMargin));
            }
        }
        return comparisons;
    }

    private static Comparison Compare(Judgement first, Judgement second, double tieMargin)
    {
        var difference = first.Score!.Value - second.Score!.Value;
        var preference = difference == 0 || Math.Abs(difference) < tieMargin ? Preference.Tie
            : difference > 0 ? Preference.First
            : Preference.Second;
        return new(
            first.SampleIndex,
            second.SampleIndex,
            preference,
            Probability(difference),
            string.Create(CultureInfo.InvariantCulture, $"rewards differ by {difference:G6}"));
    }
}
