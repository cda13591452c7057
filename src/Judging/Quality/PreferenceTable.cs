namespace IterativeDpo.Judging.Quality;

/// <summary>What a verdict says of any two samples: by a comparison of them, or else by their scores.</summary>
internal sealed class PreferenceTable
{
    private readonly Dictionary<int, double?> _scores;
    private readonly Dictionary<(int First, int Second), Preference> _comparisons = [];

    public PreferenceTable(Verdict verdict)
    {
        _scores = verdict.Judgements.ToDictionary(judgement => judgement.SampleIndex, judgement => judgement.Score);
        foreach (var comparison in verdict.Comparisons ?? [])
        {
            _comparisons[(comparison.First, comparison.Second)] = comparison.Preference;
            _comparisons[(comparison.Second, comparison.First)] = Swapped(comparison.Preference);
        }
    }

    /// <summary>Null where the verdict says nothing of the two: they were not compared, or not judged.</summary>
    public Preference? Of(int first, int second)
    {
        if (_comparisons.TryGetValue((first, second), out var compared))
        {
            return compared;
        }
        if (!_scores.TryGetValue(first, out var one) || !_scores.TryGetValue(second, out var other))
        {
            return null;
        }
        return (one, other) switch
        {
            (null, _) or (_, null) => _comparisons.Count > 0 ? null : Preference.Abstained,
            _ when one > other => Preference.First,
            _ when one < other => Preference.Second,
            _ => Preference.Tie,
        };
    }

    private static Preference Swapped(Preference preference) => preference switch
    {
        Preference.First => Preference.Second,
        Preference.Second => Preference.First,
        _ => preference,
    };
}
