using IterativeDpo.Campaigns;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>The artifacts that a campaign's journal counts.</summary>
public static class Recorded
{
    public static IReadOnlyList<string> All(CampaignState state) =>
    [
        .. Costly(state),
        .. state.Rounds.SelectMany(round => round.Judgements.Values.Concat(round.Grades.Values)).Select(unit => unit.Verdicts.Hex),
    ];

    /// <summary>
    /// Samples, pairs and adapters: no two units have the same bytes, so a file written again was made again. (Verdicts may well be
    /// the same, and then are one file.)
    /// </summary>
    public static IReadOnlyList<string> Costly(CampaignState state) =>
    [
        .. state.Rounds.SelectMany(round => round.Samples.Values.Concat(round.Evaluations.Values).Select(unit => unit.Samples)
            .Concat(round.Pairs is { } pairs ? [pairs.Pairs] : [])
            .Concat(round.Training is { } training ? [training.Adapter, training.History] : [])
            .Concat(round.Publication?.Average is { } average ? [average] : []))
            .Select(digest => digest.Hex),
    ];
}
