using IterativeDpo.Actors.Campaigns;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>The artifacts that a campaign's journal counts.</summary>
public static class Recorded
{
    public static IReadOnlyList<string> Of(CampaignState state) =>
    [
        .. state.Rounds.SelectMany(round => round.Samples.Values.Select(unit => unit.Samples)
            .Concat(round.Evaluations.Values.Select(unit => unit.Samples))
            .Concat(round.Judgements.Values.Select(unit => unit.Judgements))
            .Concat(round.Grades.Values.Select(unit => unit.Judgements))
            .Concat(round.Pairs is { } pairs ? [pairs.Pairs] : [])
            .Concat(round.Training is { } training ? [training.Adapter, training.History] : []))
            .Select(digest => digest.Hex),
    ];
}
