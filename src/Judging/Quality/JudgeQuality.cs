using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Quality;

/// <summary>Measures a judge on its verdicts, a prompt at a time: it holds counts and no samples.</summary>
/// <param name="ownModel">The name of the judge's own model among the <see cref="Sample.Model"/>s; null where it has none.</param>
public sealed class JudgeQuality(string? ownModel = null)
{
    private readonly LengthCounter _length = new();
    private readonly LengthCounter _standardLength = new();
    private Agreement _agreement = new();
    private JudgeUsage? _usage;
    private Latency _latency = Latency.None;
    private Share _abstentions, _ties, _flips, _flipsToFirst, _own;
    private int _prompts, _failures;
    private long _samples;

    /// <param name="standard">What is right: verdicts of the verifier, or labels; null where nobody knows.</param>
    public void Add(PromptSamples samples, PromptVerdict judged, Verdict? standard = null)
    {
        _prompts++;
        if (judged.Verdict is not { } verdict)
        {
            _failures++;
            return;
        }
        _samples += verdict.Judgements.Count;
        _usage = verdict.Usage is { } usage ? (_usage ?? new()) + usage : _usage;
        CountAbstentions(verdict);
        CountFlips(verdict.Comparisons ?? []);
        CountPairs(samples.Samples, new PreferenceTable(verdict), standard is null ? null : new PreferenceTable(standard));
    }

    /// <summary>Counts how long verdicts took.</summary>
    public void Add(Latency latency) => _latency += latency;

    public JudgeFigures Figures() => new(
        _prompts,
        _failures,
        _samples,
        _abstentions,
        _ties,
        _flips,
        _flipsToFirst,
        _length.Figures(),
        _agreement.IsEmpty ? null : _standardLength.Figures(),
        _agreement.IsEmpty ? null : _agreement,
        _own,
        _usage,
        _latency);

    private void CountAbstentions(Verdict verdict)
    {
        if (verdict.Comparisons is { Count: > 0 } comparisons)
        {
            _abstentions = new(
                _abstentions.Count + comparisons.Count(one => one.Preference == Preference.Abstained),
                _abstentions.Of + comparisons.Count);
            return;
        }
        _abstentions = new(
            _abstentions.Count + verdict.Judgements.Count(one => one.Score is null),
            _abstentions.Of + verdict.Judgements.Count);
    }

    private void CountFlips(IEnumerable<Comparison> comparisons)
    {
        foreach (var comparison in comparisons)
        {
            if (comparison is { Preference: not Preference.Abstained, Forward: { } forward, Backward: { } backward })
            {
                var flipped = (forward - 0.5) * (backward - 0.5) < 0;
                _flips = _flips.With(flipped);
                _flipsToFirst = flipped ? _flipsToFirst.With(forward > backward) : _flipsToFirst;
            }
        }
    }

    private void CountPairs(IReadOnlyList<Sample> samples, PreferenceTable judge, PreferenceTable? standard)
    {
        var lengths = LengthCounter.LengthsOf(samples);
        for (var i = 0; i < samples.Count; i++)
        {
            for (var j = i + 1; j < samples.Count; j++)
            {
                if (samples[i].Text == samples[j].Text || judge.Of(samples[i].Index, samples[j].Index) is not { } preference)
                {
                    continue;
                }
                CountPair(samples[i], samples[j], preference);
                CountLength(_length, preference, lengths[i], lengths[j]);
                if (standard?.Of(samples[i].Index, samples[j].Index) is { } right)
                {
                    _agreement = _agreement.With(preference, right);
                    CountLength(_standardLength, right, lengths[i], lengths[j]);
                }
            }
        }
    }

    private void CountPair(Sample one, Sample other, Preference preference)
    {
        if (preference == Preference.Abstained)
        {
            return;
        }
        _ties = _ties.With(preference == Preference.Tie);
        if (preference != Preference.Tie && ownModel is not null && one.Model is not null && other.Model is not null
            && (one.Model == ownModel) != (other.Model == ownModel))
        {
            _own = _own.With((preference == Preference.First ? one : other).Model == ownModel);
        }
    }

    private static void CountLength(LengthCounter counter, Preference preference, int first, int second)
    {
        if (preference is Preference.First or Preference.Second)
        {
            var firstWins = preference == Preference.First;
            counter.Add(firstWins ? first : second, firstWins ? second : first);
        }
    }
}
