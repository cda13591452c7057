using System.Collections.Concurrent;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Judges;

/// <summary>How the judges of a campaign's rounds did, each round measured once, when it has ended. Safe to use from any thread.</summary>
internal sealed class MeasuredRounds(CampaignQuality quality)
{
    private readonly ConcurrentDictionary<int, Lazy<IReadOnlyList<JudgeRound>>> _rounds = [];

    /// <summary>Measures the round, unless that was done.</summary>
    /// <param name="round">One that has ended, with its units.</param>
    /// <exception cref="Artifacts.Store.StorageException">An artifact is missing or corrupt.</exception>
    public IReadOnlyList<JudgeRound> Of(RoundState round)
    {
        try
        {
            return _rounds.GetOrAdd(round.Number, _ => new(() => [.. quality.Of(round)])).Value;
        }
        catch
        {
            // It may be whole again the next time.
            _rounds.TryRemove(round.Number, out _);
            throw;
        }
    }

    /// <summary>What is known of a round by now; null where it was not measured yet.</summary>
    public IReadOnlyList<JudgeRound>? Known(int round) =>
        _rounds.TryGetValue(round, out var known) && known.IsValueCreated ? known.Value : null;
}
