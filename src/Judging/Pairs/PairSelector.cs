using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// Makes preference pairs of judged samples: pure, and the same for a prompt whatever its samples' order and whatever else is selected
/// beside it. One and the same score selects and orders; where the judge compared the two as well, it must agree. Ties and equal texts
/// never make a pair.
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
        var selected = prompts.Select(prompt => new PromptPairs(prompt.Samples, prompt.Verdict, Select(prompt.Samples, prompt.Verdict, options, seed)));
        return options.BalanceLengths ? LengthBalance.Apply(selected, seed) : selected;
    }

    /// <summary>Selects among the samples of one prompt, without regard to the balance of lengths.</summary>
    /// <param name="verdict">At most one judgement for each sample, in any order; one without a score leaves its sample out.</param>
    /// <exception cref="ArgumentException">
    /// A sample has two scores or two samples have two comparisons, a score is not finite, or a probability is outside 0 to 1.
    /// </exception>
    public static PairSelection Select(PromptSamples samples, Verdict verdict, PairSelectionOptions options, ulong seed)
    {
        var (scored, candidates, counts) = Candidates.Find(samples, verdict, options);
        if (candidates.Count == 0)
        {
            return new([], scored.Length < 2 ? counts with { Abstained = 1 } : counts with { ZeroSignal = 1 });
        }
        var random = new SplitMix64(SampleSeed.Derive(seed, 0, samples.Prompt.Id, 0));
        var shuffled = candidates.ToArray();
        random.Shuffle(shuffled.AsSpan());
        SelectedPair[] pairs = [.. Distinct(PairStrategies.InOrder(shuffled, scored, options, random))
            .Take(PairStrategies.Limit(options))
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
            Unselected = candidates.Count - pairs.Length,
            NoneSelected = pairs.Length == 0 ? 1 : 0,
        });
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
