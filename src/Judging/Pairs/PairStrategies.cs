using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>The strategies: each says which of a prompt's candidates it would take, the first ones first.</summary>
internal static class PairStrategies
{
    /// <param name="shuffled">One or more, in the random order that decides among equals.</param>
    /// <param name="scored">All samples with a score.</param>
    public static IEnumerable<Candidate> InOrder(
        Candidate[] shuffled,
        ScoredSample[] scored,
        PairSelectionOptions options,
        SplitMix64 random)
    {
        var best = shuffled.MaxBy(candidate => candidate.Chosen.Score)!.Chosen;
        switch (options.Strategy)
        {
            case PairStrategy.BestWorst:
                return shuffled.OrderByDescending(candidate => candidate.Margin);
            case PairStrategy.BestRandom:
                return shuffled.Where(candidate => candidate.Chosen == best);
            case PairStrategy.BestSecond:
                return shuffled
                    .Where(candidate => candidate.Chosen.Score == best.Score)
                    .OrderByDescending(candidate => candidate.Rejected.Score);
            case PairStrategy.AllAboveMargin:
                return shuffled;
            case PairStrategy.TopBottom:
                random.Shuffle(scored.AsSpan());
                ScoredSample[] ranked = [.. scored.OrderByDescending(sample => sample.Score)];
                var k = Math.Min(options.TopBottomK, ranked.Length / 2);
                return Between(shuffled, ranked[..k], ranked[^k..]).OrderByDescending(candidate => candidate.Margin);
            case PairStrategy.RejectionSampling:
                random.Shuffle(scored.AsSpan());
                var accepted = RejectionSampling
                    .Accept([.. scored.Select(sample => sample.Score)], options.RsoBeta, options.RsoSamples, random)
                    .Select(i => scored[i]).ToArray();
                return Between(shuffled, accepted, accepted);
            case PairStrategy.LengthMatched:
                return shuffled.Where(candidate => candidate.Chosen.Score == best.Score)
                    .GroupBy(candidate => candidate.Chosen)
                    .Select(ofOne => ofOne.MinBy(candidate => Math.Abs(candidate.LengthDifference))!);
            case PairStrategy.BestTwoSigma:
                var aim = TwoSigmaBelow([.. scored.Select(sample => sample.Score)]);
                return shuffled
                    .Where(candidate => candidate.Chosen.Score == best.Score)
                    .OrderBy(candidate => Math.Abs(candidate.Rejected.Score - aim));
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.Strategy, "not a strategy");
        }
    }

    /// <summary>Most pairs of one prompt.</summary>
    public static int Limit(PairSelectionOptions options) =>
        options.Strategy is PairStrategy.BestWorst or PairStrategy.BestSecond or PairStrategy.BestTwoSigma ? 1 : options.MaxPairsPerPrompt;

    /// <summary>μ − 2σ, σ over all of them (arXiv 2502.16825).</summary>
    private static double TwoSigmaBelow(double[] scores)
    {
        var mean = scores.Average();
        return mean - 2 * Math.Sqrt(scores.Average(score => (score - mean) * (score - mean)));
    }

    private static IEnumerable<Candidate> Between(Candidate[] candidates, ScoredSample[] chosen, ScoredSample[] rejected) =>
        candidates.Where(candidate => chosen.Contains(candidate.Chosen) && rejected.Contains(candidate.Rejected));
}
