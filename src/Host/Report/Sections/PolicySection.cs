using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Report;

/// <summary>How the answers themselves change: length and entropy, where over-optimisation shows first.</summary>
internal static class PolicySection
{
    public static string Render(ReportData data) => Html.Section(
        "policy",
        "Length, entropy and divergence",
        "Length and entropy are those of the greedy held-out answers. Answers that grow without gaining accuracy, an entropy that falls to nothing, or a policy ever further from the base point at over-optimisation.",
        $"<div class=\"charts\">\n{Chart(data.Rounds, "Mean length", "Tokens in an answer, the end token included.", "tokens", round => round.MeanTokens)}"
            + $"{Chart(data.Rounds, "Mean entropy", "Of the policy at each token, in nats.", "nats", round => round.MeanEntropy)}{Divergence(data)}</div>");

    private static string Divergence(ReportData data) =>
        data.Rounds.Where(round => round.Kl is not null).ToArray() is { Length: > 1 } measured
        ? Chart(
            measured,
            "Divergence from the base",
            "KL in nats an answer, estimated on answers to some held-out prompts that each round's policy sampled at temperature 1.",
            "nats",
            round => round.Kl!.Value)
        : "";

    private static string Chart(
        IEnumerable<RoundDetail> rounds,
        string title,
        string explanation,
        string unit,
        Func<RoundDetail, double> value)
    {
        var points = rounds.Select(round => new ChartPoint(
            round.Round,
            value(round),
            $"round {round.Round}: {Html.Number(value(round), "0.##")} {unit}"));
        var chart = new LineChart($"{title} by round, in {unit}", "round", [new Series(title, [.. points])]) { YRange = (0, 0) };
        return Html.Figure(title, explanation, chart.Render());
    }
}
