namespace IterativeDpo.Host.Report;

/// <summary>The rounds in figures.</summary>
internal static class RoundsSection
{
    private static readonly string[] Headings =
        [
            "Round",
            "Outcome",
            "Accuracy",
            "Prompts",
            "Samples",
            "Tokens",
            "Pairs",
            "Ties",
            "Dropped",
            "Steps",
            "Loss",
            "rewards/margins",
            "rewards/accuracies",
            "KL",
            "Time",
            "Adapter",
        ];

    /// <param name="linkOf">Where a round has a page of its own; null is nowhere.</param>
    public static string Render(ReportData data, Func<int, string>? linkOf = null) => Html.Section(
        "rounds",
        "Rounds",
        "Ties are two differing samples of one prompt with the same score, which make no pair; dropped prompts gave no pair. Loss and rewards are means over the round's pairs; KL is the divergence from the base, in nats an answer.",
        Html.Table("Rounds", Headings, data.Summary.Rounds.Select((round, i) => Row(round, data.Rounds[i + 1], linkOf)), "figures"));

    private static string[] Row(RoundSummary round, RoundDetail detail, Func<int, string>? linkOf) =>
    [
        linkOf is null ? $"{round.Round}" : $"<a href=\"{linkOf(round.Round)}\">{round.Round}</a>",
        Html.Text(detail.Gate.Length == 0 ? detail.Outcome : $"{detail.Outcome}: {detail.Gate}"),
        Html.Percent(round.Eval.HeldoutAccuracy),
        Html.Count(round.Prompts),
        Html.Count(round.Samples),
        Html.Count(round.GeneratedTokens),
        round.TiePairs == 0 ? Html.Count(round.Pairs) : $"{Html.Count(round.Pairs)}, {Html.Count(round.TiePairs)} ties",
        Html.Count(round.Ties),
        Html.Count(round.Dropped),
        Figure(round.Train, train => Html.Count(train.Steps)),
        Figure(round.Train, train => Html.Number(train.Loss)),
        Figure(round.Train, train => Html.Number(train.RewardsMargins)),
        Figure(round.Train, train => Html.Percent(train.RewardsAccuracies)),
        round.Eval.Kl is { } kl ? Html.Number(kl.PerAnswer, "0.00") : "—",
        Html.Duration(round.Seconds.Total),
        Html.Digest(round.AdapterSha256),
    ];

    private static string Figure(TrainSummary? train, Func<TrainSummary, string> format) => train is null ? "—" : format(train);
}
