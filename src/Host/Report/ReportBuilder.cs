using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Judges;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Report;

/// <summary>Gathers what a report shows from a campaign's state and its artifacts.</summary>
public static class ReportBuilder
{
    private const int PairsPerRound = 60;

    /// <param name="state">A campaign whose base has been evaluated; a round still running is left out.</param>
    /// <exception cref="StorageException">An artifact is missing or corrupt.</exception>
    public static ReportData Build(CampaignState state, CampaignSummary summary, CampaignOptions options, ArtifactStore store)
    {
        var rounds = state.Rounds.Where(round => round.Outcome is not null).ToArray();
        var pairs = rounds.SelectMany(round => Pairs(round, store)).ToArray();
        return new ReportData(
            summary,
            [.. rounds.Select(round => Detail(round, store))],
            pairs,
            [.. rounds.SelectMany(new CampaignQuality(options, store).Of)],
            OptionsJson.Write(options),
            Path.GetFileName(options.ModelPath),
            pairs.Length > 0 && pairs[0].Provenance is { } provenance && IsBundledSeed(provenance.BaseSha256),
            state.Origin,
            [
                .. rounds.SelectMany(round => Watch.Of(state, round).Select(finding => $"Round {round.Number}: {finding}.")),
                .. Watch.ReasonToStop(state) is { } stop ? [$"No further round begins: {stop}."] : Array.Empty<string>(),
            ]);
    }

    private static bool IsBundledSeed(Digest model) =>
        File.Exists(BundledFiles.SeedModel) && Digest.OfFile(BundledFiles.SeedModel) == model;

    private static RoundDetail Detail(RoundState round, ArtifactStore store) => Detail(round, Steps(round, store));

    internal static RoundDetail Detail(RoundState round, IReadOnlyList<TrainingStep> steps) =>
        new(
            round.Number,
            OutcomeOf(round),
            round.Gate is { } gate && (!gate.Passed || gate.Test != GateTest.Points) ? gate.InWords() : "",
            round.MeanTokens,
            round.MeanEntropy,
            steps,
            round.Number == 0 ? 0 : round.Divergence?.PerAnswer);

    internal static string OutcomeOf(RoundState round) => round.Outcome switch
    {
        _ when round.Number == 0 => "base",
        RoundOutcome.Kept => "kept",
        RoundOutcome.RolledBack => "rolled back",
        null => "running",
        _ => "no pairs",
    };

    /// <exception cref="StorageException">The artifact is missing or corrupt.</exception>
    internal static IReadOnlyList<TrainingStep> Steps(RoundState round, ArtifactStore store)
    {
        if (round.Training is not { } training)
        {
            return [];
        }
        using var stream = store.OpenRead(training.History);
        return MetricsLog.Read(stream, store.Verified(training.History));
    }

    /// <summary>A round's pairs, evenly thinned where there are many.</summary>
    private static IEnumerable<PairRecord> Pairs(RoundState round, ArtifactStore store)
    {
        if (round.Pairs is not { PairCount: > 0 } pairs)
        {
            return [];
        }
        var every = (pairs.PairCount + PairsPerRound - 1) / PairsPerRound;
        return PairFile.Read(store.Verified(pairs.Pairs)).Where((_, i) => i % every == 0);
    }
}
