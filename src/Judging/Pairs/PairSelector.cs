using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// Makes preference pairs of judged samples: pure, and the same for a prompt whatever else is selected beside it. One and the
/// same score selects and orders; equal scores and equal texts never make a pair.
/// </summary>
public static class PairSelector
{
    /// <summary>Selects over many prompts, in their order.</summary>
    public static PairSelection Select(
        IEnumerable<(PromptSamples Samples, Verdict Verdict)> prompts,
        PairSelectionOptions options,
        ulong seed)
    {
        var pairs = new List<SelectedPair>();
        var counts = new PairSelectionCounts();
        foreach (var (samples, verdict) in prompts)
        {
            var selection = Select(samples, verdict, options, seed);
            pairs.AddRange(selection.Pairs);
            counts += selection.Counts;
        }
        return new(pairs, counts);
    }

    /// <summary>Selects among the samples of one prompt.</summary>
    /// <param name="verdict">At most one judgement for each sample, in any order; one without a score leaves its sample out.</param>
    /// <param name="seed">Mixed with the prompt's id; decides among equals.</param>
    /// <exception cref="ArgumentException">A sample has two scores, or one that is not finite.</exception>
    public static PairSelection Select(PromptSamples samples, Verdict verdict, PairSelectionOptions options, ulong seed)
    {
        var scored = WithScores(samples, verdict.Judgements);
        if (scored.Length < 2)
        {
            return new([], new PairSelectionCounts(Prompts: 1, Abstained: 1));
        }
        var (candidates, counts) = Candidates(scored, options);
        if (candidates.Count == 0)
        {
            return new([], counts with { ZeroSignal = 1 });
        }
        var random = new SplitMix64(SampleSeed.Derive(seed, 0, samples.Prompt.Id, 0));
        var order = candidates.ToArray();
        random.Shuffle(order.AsSpan());
        var taken = Take(order, options);
        var pairs = taken.Select(pair => new SelectedPair(
            samples.Prompt.Id, pair.Chosen.Sample.Index, pair.Rejected.Sample.Index, pair.Chosen.Score, pair.Rejected.Score));
        return new([.. pairs], counts with { Pairs = taken.Count });
    }

    private static Scored[] WithScores(PromptSamples samples, IReadOnlyList<Judgement> judgements)
    {
        var scores = new Dictionary<int, double>();
        foreach (var judgement in judgements.Where(judgement => judgement.Score is not null))
        {
            if (!double.IsFinite(judgement.Score!.Value) || !scores.TryAdd(judgement.SampleIndex, judgement.Score.Value))
            {
                throw new ArgumentException($"prompt {samples.Prompt.Id}, sample {judgement.SampleIndex}: a score that is not finite, or two of them", nameof(judgements));
            }
        }
        return [.. samples.Samples.Where(sample => scores.ContainsKey(sample.Index)).Select(sample => new Scored(sample, scores[sample.Index]))];
    }

    private static (List<Candidate> Candidates, PairSelectionCounts Counts) Candidates(Scored[] scored, PairSelectionOptions options)
    {
        var candidates = new List<Candidate>();
        int ties = 0, duplicates = 0, withinMargin = 0;
        for (var i = 0; i < scored.Length; i++)
        {
            for (var j = i + 1; j < scored.Length; j++)
            {
                var (better, worse) = scored[i].Score > scored[j].Score ? (scored[i], scored[j]) : (scored[j], scored[i]);
                var candidate = new Candidate(better, worse);
                if (SameText(better.Sample, worse.Sample, options.MaxCompletionTokens))
                {
                    duplicates++;
                }
                else if (candidate.Margin == 0)
                {
                    ties++;
                }
                else if (candidate.Margin < options.MinMargin)
                {
                    withinMargin++;
                }
                else
                {
                    candidates.Add(candidate);
                }
            }
        }
        return (candidates, new(Prompts: 1, Ties: ties, Duplicates: duplicates, WithinMargin: withinMargin));
    }

    private static List<Candidate> Take(Candidate[] shuffled, PairSelectionOptions options)
    {
        switch (options.Strategy)
        {
            case PairStrategy.BestWorst:
                return [shuffled.MaxBy(candidate => candidate.Margin)!];
            case PairStrategy.BestRandom:
                var best = shuffled.MaxBy(candidate => candidate.Chosen.Score)!.Chosen;
                return Distinct(shuffled.Where(candidate => candidate.Chosen == best), options);
            case PairStrategy.AllAboveMargin:
                return Distinct(shuffled, options);
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.Strategy, "not a strategy");
        }
    }

    private static List<Candidate> Distinct(IEnumerable<Candidate> candidates, PairSelectionOptions options)
    {
        var taken = new List<Candidate>(options.MaxPairsPerPrompt);
        foreach (var candidate in candidates)
        {
            if (taken.Count == options.MaxPairsPerPrompt)
            {
                break;
            }
            if (!taken.Exists(other => SameTexts(other, candidate, options.MaxCompletionTokens)))
            {
                taken.Add(candidate);
            }
        }
        return taken;
    }

    private static bool SameTexts(Candidate a, Candidate b, int maxTokens) =>
        SameText(a.Chosen.Sample, b.Chosen.Sample, maxTokens) && SameText(a.Rejected.Sample, b.Rejected.Sample, maxTokens);

    private static bool SameText(Sample a, Sample b, int maxTokens) =>
        a.Text == b.Text || (maxTokens > 0 && a.TokenIds.Take(maxTokens).SequenceEqual(b.TokenIds.Take(maxTokens)));

    private sealed record Scored(Sample Sample, double Score);

    private sealed record Candidate(Scored Chosen, Scored Rejected)
    {
        public double Margin => Chosen.Score - Rejected.Score;
    }
}
