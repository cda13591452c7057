using IterativeDpo.Generation;

namespace IterativeDpo.Training;

/// <summary>Which pairs of earlier rounds are trained on again beside a round's own.</summary>
public static class Replay
{
    /// <summary>
    /// Draws earlier pairs without replacement, so many that they are a share of all; all of them where there are too few.
    /// </summary>
    /// <param name="earlier">Pairs there are of earlier rounds.</param>
    /// <param name="own">Pairs of this round.</param>
    /// <param name="share">Of all pairs together, from 0 to below 1.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="round">The round of a campaign; 0 is a run on its own.</param>
    /// <returns>Indexes of the earlier pairs, in order.</returns>
    public static int[] Draw(int earlier, int own, double share, ulong seed, int round)
    {
        var count = (int)Math.Min(earlier, Math.Round(own * share / (1 - share)));
        var random = new SplitMix64(SampleSeed.Derive(seed, round, "replay", 0));
        int[] indexes = [.. Enumerable.Range(0, earlier)];
        for (var i = 0; i < count; i++)
        {
            var j = random.Between(i, earlier - 1);
            (indexes[i], indexes[j]) = (indexes[j], indexes[i]);
        }
        return [.. indexes.Take(count).Order()];
    }
}
