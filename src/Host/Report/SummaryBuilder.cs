using System.Collections.Immutable;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Report;

/// <summary>Sums up a campaign's state.</summary>
public static class SummaryBuilder
{
    /// <param name="state">A campaign whose base has been evaluated; a round still running is left out.</param>
    /// <param name="stateDirectory">Where the campaign is stored.</param>
    public static CampaignSummary Build(CampaignState state, string stateDirectory, IReadOnlyDictionary<string, string> engines)
    {
        var baseline = state.Rounds[0];
        return new CampaignSummary(
            state.Plan!.Campaign,
            stateDirectory,
            new BaselineSummary(baseline.HeldOut.Accuracy(), baseline.HeldOut.Total, Accuracies(baseline), Sets(baseline)),
            [.. state.Rounds.Skip(1).Where(round => round.Outcome is not null).Select(round => Round(round, Evaluated(state, round)))],
            new FinalSummary((state.LastKept ?? baseline).HeldOut.Accuracy()),
            engines);
    }

    /// <summary>The round whose evaluation holds for this one's policy: a round without pairs leaves the policy as it was.</summary>
    private static RoundState Evaluated(CampaignState state, RoundState round) =>
        state.Rounds.Take(round.Number + 1).Last(r => r == round ? r.Outcome != RoundOutcome.Skipped : r.Outcome == RoundOutcome.Kept);

    private static RoundSummary Round(RoundState round, RoundState evaluated) => new(
        round.Number,
        round.Prompts,
        round.SampleCount,
        round.GeneratedTokens,
        round.Pairs?.PairCount ?? 0,
        round.Pairs?.Ties ?? 0,
        round.DroppedPrompts,
        round.Training?.Adapter.Hex,
        round.Training is { } training ? Train(training) : null,
        new EvaluationSummary(
            evaluated.HeldOut.Accuracy(),
            Accuracies(evaluated),
            evaluated.MeanTokens,
            Sets(evaluated),
            KlSummary.Of(evaluated.Divergence)),
        Seconds(round),
        GateSummary.Of(round.Gate),
        round.Pairs?.TiePairs ?? 0,
        round.Pairs?.Consistency);

    internal static ImmutableSortedDictionary<string, SetSummary>? Sets(RoundState round) => round.Sets.IsEmpty
        ? null
        : round.Sets.ToImmutableSortedDictionary(
            set => set.Key,
            set => new SetSummary(set.Value.Right.Accuracy(), set.Value.Prompts, set.Value.PassAtK()));

    private static TrainSummary Train(TrainResult training) => new(
        training.Steps,
        training.Metrics["loss"],
        training.Metrics["rewards/margins"],
        training.Metrics["rewards/accuracies"],
        training.Metrics["rewards/chosen"],
        training.Metrics["rewards/rejected"]);

    internal static SecondsSummary Seconds(RoundState round) => new(
        round.Seconds(Stage.Sample),
        round.Seconds(Stage.Judge) + round.Seconds(Stage.Pair),
        round.Seconds(Stage.Train),
        round.Seconds(Stage.Publish),
        round.Seconds(Stage.Evaluate) + round.Seconds(Stage.Grade),
        round.TotalSeconds);

    internal static ImmutableSortedDictionary<string, double> Accuracies(RoundState round) =>
        round.HeldOutByTask.ToImmutableSortedDictionary(task => task.Key, task => task.Value.Accuracy());
}
