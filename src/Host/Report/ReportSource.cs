using System.Text.Json;
using IterativeDpo.Actors.Campaigns;
using IterativeDpo.Actors.Configuration;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Report;

/// <summary>Gathers what a report shows from a campaign's state directory.</summary>
public static class ReportSource
{
    /// <summary>Pairs of each round that the report lists; all of them are in the pair files.</summary>
    private const int PairsPerRound = 40;

    public static ReportData Read(CampaignState state, string statePath)
    {
        var store = new ArtifactStore(Path.Combine(statePath, "artifacts"));
        var finished = state.Rounds.Where(round => round.Outcome is not null).ToArray();
        var pairs = finished.SelectMany(round => Pairs(round, store)).ToArray();
        var settings = File.ReadAllText(Path.Combine(statePath, "campaign.json"));
        return new ReportData(
            SummaryBuilder.Build(state, statePath, EngineInfo.Describe()),
            [.. finished.Select(round => Detail(round, store))],
            pairs,
            settings,
            Path.GetFileName(OptionsJson.Read(settings).ModelPath),
            pairs is [{ Provenance.BaseSha256: var digest }, ..] && digest == Digest.OfFile(BundledFiles.SeedModel).Hex);
    }

    private static RoundDetail Detail(RoundState round, ArtifactStore store) => new(
        round.Number,
        round.Outcome switch
        {
            RoundOutcome.RolledBack => "rolled back",
            RoundOutcome.Skipped => "skipped",
            _ => "kept",
        },
        round.MeanTokens,
        round.MeanEntropy,
        round.Training is { } training ? Steps(store, training.History) : []);

    private static IReadOnlyList<TrainingStep> Steps(ArtifactStore store, Digest history)
    {
        using var stream = store.OpenRead(history);
        return JsonSerializer.Deserialize<IReadOnlyList<TrainingStep>>(stream) ?? [];
    }

    /// <summary>Pairs spread evenly over the round's.</summary>
    private static IEnumerable<PairRecord> Pairs(RoundState round, ArtifactStore store)
    {
        if (round.Pairs is not { PairCount: > 0 } pairs)
        {
            return [];
        }
        var stride = Math.Max(1, pairs.PairCount / PairsPerRound);
        return PairFile.Read(store.PathOf(pairs.Pairs)).Where((_, i) => i % stride == 0).Take(PairsPerRound);
    }
}
