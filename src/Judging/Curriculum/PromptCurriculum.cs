using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Curriculum;

/// <summary>
/// Chooses a round's prompts by how the policy fared on them when it met them last. Where all samples are right, or none, there is nothing
/// to compare, so such prompts are set aside; those in the learnable band come first, then those never met, then the others. Pure: the same
/// arguments give the same prompts.
/// </summary>
public static class PromptCurriculum
{
    private enum Place
    {
        Learnable,

        /// <summary>Never met, or set aside long enough ago.</summary>
        New,

        /// <summary>Some samples right and some wrong, but outside the band.</summary>
        OutsideBand,

        /// <summary>
        /// All right, all wrong, or no verdict; the one that was met longest ago comes first, where there is nothing better.
        /// </summary>
        SetAside,
    }

    /// <param name="pool">The prompts to choose among; not two alike, and at least <paramref name="count"/>.</param>
    /// <param name="statistics">By prompt id; a prompt without is one that was never met.</param>
    /// <param name="seed">Decides among equals.</param>
    /// <returns>So many prompts, in order of preference; a pool that has nothing good left still gives them.</returns>
    public static IReadOnlyList<Prompt> Draw(
        IReadOnlyList<Prompt> pool,
        IReadOnlyDictionary<string, PromptStatistics> statistics,
        CurriculumOptions options,
        int count,
        int round,
        ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, pool.Count);
        var order = pool.ToArray();
        new SplitMix64(SampleSeed.Derive(seed, round, "curriculum", 0)).Shuffle(order.AsSpan());
        return [.. order.OrderBy(Rank).Take(count)];

        (Place Place, int LastRound) Rank(Prompt prompt)
        {
            var known = statistics.GetValueOrDefault(prompt.Id);
            var place = PlaceOf(known, options, round);
            return (place, place == Place.SetAside ? known!.LastRound : 0);
        }
    }

    private static Place PlaceOf(PromptStatistics? known, CurriculumOptions options, int round) => known switch
    {
        null => Place.New,
        { LastSolveRate: > 0 and < 1 and var rate } => rate >= options.Low && rate <= options.High ? Place.Learnable : Place.OutsideBand,
        _ => options.RestRounds > 0 && round - known.LastRound > options.RestRounds ? Place.New : Place.SetAside,
    };
}
