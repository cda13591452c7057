using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// Makes preference pairs of judged samples: pure, and the same for a prompt whatever its samples' order and whatever else is selected
/// beside it. One and the same score selects and orders; where the judge compared the two as well, it must agree. Equal texts
/// never make a pair, and ties only where they are asked for.
/// </summary>
public static class PairSelector
{
    /// <summary>Selects over many prompts as they come, holding none of them.</summary>
    /// <param name="prompts">Read twice where lengths are balanced: both times the same prompts.</param>
    /// <param name="seed">Mixed with each prompt's id; decides among equals.</param>
    /// <exception cref="ArgumentException">A verdict is not one, as below.</exception>
    public static IEnumerable<PromptPairs> Select(
        IEnumerable<(PromptSamples Samples, Verdict Verdict)> prompts, PairSelectionOptions options, ulong seed)
    {
        var selected = prompts.Select(prompt => new PromptPairs(
            prompt.Samples,
            prompt.Verdict,
            Select(prompt.Samples, prompt.Verdict, options, seed)));
        return options.BalanceLengths ? LengthBalance.Apply(selected, seed) : selected;
    }

    /// <summary>Selects among the samples of one prompt, without regard to the balance of lengths.</summary>
    /// <param name="verdict">At most one judgement for each sample, in any order; one without a score leaves its sample out.</param>
    /// <exception cref="ArgumentException">
    /// A sample has two scores or two samples have two comparisons, a score is not finite, or a probability is outside 0 to 1.
    /// </exception>
    public static PairSelection Select(PromptSamples samples, Verdict verdict, PairSelectionOptions options, ulong seed)
    {
        var (scored, candidates, ties, counts) = Candidates.Find(samples, verdict, options);
        if (candidates.Count + ties.Count == 0)
        {
            return new([], scored.Length < 2 ? counts with { Abstained = 1 } : counts with { ZeroSignal = 1 });
        }
        var chosen = Choose(candidates, scored, options, SampleSeed.Derive(seed, 0, samples.Prompt.Id, 0));
        // A stream of their own: which other pairs there are does not depend on whether ties are kept.
        var kept = Distinct(Shuffle(ties, new(SampleSeed.Derive(seed, 0, samples.Prompt.Id, 1)))).Take(options.TiesPerPrompt).ToArray();
        SelectedPair[] pairs = [.. chosen.Concat(kept)
            .Select(pair => new SelectedPair(
                samples.Prompt.Id,
                pair.Chosen.Sample.Index,
                pair.Rejected.Sample.Index,
                pair.Chosen.Score,
                pair.Rejected.Score,
                pair.Probability,
                pair.LengthDifference))];
        return new(pairs, counts with
        {
            Pairs = pairs.Length,
            Ties = counts.Ties - kept.Length,
            TiePairs = kept.Length,
            Unselected = candidates.Count - chosen.Length,
            NoneSelected = pairs.Length == 0 ? 1 : 0,
        });
    }

    private static Candidate[] Choose(List<Candidate> candidates, ScoredSample[] scored, PairSelectionOptions options, ulong seed)
    {
        if (candidates.Count == 0)
        {
            return [];
        }
        var random = new SplitMix64(seed);
        var shuffled = Shuffle(candidates, random);
        return [.. Distinct(PairStrategies.InOrder(shuffled, scored, options, random)).Take(PairStrategies.Limit(options))];
    }

    private static Candidate[] Shuffle(List<Candidate> candidates, SplitMix64 random)
    {
        var shuffled = candidates.ToArray();
        random.Shuffle(shuffled.AsSpan());
        return shuffled;
    }

    /// <summary>Without those whose two texts are those of one before.</summary>
    private static IEnumerable<Candidate> Distinct(IEnumerable<Candidate> candidates)
    {
        var taken = new List<Candidate>();
        foreach (var candidate in candidates.Where(candidate => !taken.Exists(candidate.EqualTo)))
        {
            taken.Add(candidate);
            yield return candidate;
        }
    }
}
