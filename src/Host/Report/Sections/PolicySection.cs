using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Report;

/// <summary>How the answers themselves change: length and entropy, where over-optimisation shows first.</summary>
internal static class PolicySection
{
    public static string Render(ReportData data) => Html.Section(
        "policy",
        "Length and entropy",
        "Measured on the greedy held-out answers. Answers that grow without gaining accuracy, or an entropy that falls to nothing, point at over-optimisation.",
        $"<div class=\"charts\">\n{Chart(data, "Mean length", "Tokens in an answer, the end token included.", "tokens", round => round.MeanTokens)}{Chart(data, "Mean entropy", "Of the policy at each token, in nats.", "nats", round => round.MeanEntropy)}</div>");

    private static string Chart(ReportData data, string title, string explanation, string unit, Func<RoundDetail, double> value)
    {
        var points = data.Rounds.Select(round => new ChartPoint(round.Round, value(round), $"round {round.Round}: {Html.Number(value(round), "0.##")} {unit}"));
        var chart = new LineChart($"{title} by round, in {unit}", "round", [new Series(title, [.. points])]) { YRange = (0, 0) };
        return Html.Figure(title, explanation, chart.Render());
    }
}
