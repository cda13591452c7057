using IterativeDpo.Host.Report.Charts;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Report;

/// <summary>Held-out accuracy by round, over all and for each task.</summary>
internal static class AccuracySection
{
    public static string Render(ReportData data) => Html.Section(
        "accuracy",
        "Held-out accuracy",
        "Greedy answers to prompts that no round trains on, before the first round (0) and after each.",
        $"{Overall(data.Summary)}<h3>By task</h3><div class=\"multiples\">\n{string.Concat(data.Summary.Baseline.ByTask.Keys.Select(task => OneTask(data.Summary, task)))}</div>");

    private static string Overall(CampaignSummary summary)
    {
        var accuracies = summary.Rounds.Select(round => round.Eval.HeldoutAccuracy).Prepend(summary.Baseline.HeldoutAccuracy);
        var points = accuracies.Select((share, round) =>
        {
            var (low, high) = Interval.Wilson(share, summary.Baseline.HeldoutPrompts);
            return new ChartPoint(
                round,
                share * 100,
                $"{Name(round)}: {Html.Percent(share)} (95 %: {Html.Percent(low)} to {Html.Percent(high)})",
                (low * 100, high * 100));
        });
        var chart = new LineChart(
            $"Held-out accuracy by round, from {Html.Percent(summary.Baseline.HeldoutAccuracy)} to {Html.Percent(summary.Final.HeldoutAccuracy)}",
            "round",
            [new Series("accuracy", [.. points])])
        {
            Width = 800,
            Height = 260,
            YRange = (0, 100),
            YUnit = " %",
            Baseline = summary.Baseline.HeldoutAccuracy * 100,
        };
        var narrow = chart with { Width = 400, Height = 240 };
        return Html.Figure(
            "All tasks",
            "Band: 95 % interval. Dashed: the base model.",
            $"<div class=\"wide\">{chart.Render()}</div><div class=\"narrow\" aria-hidden=\"true\">{narrow.Render()}</div>");
    }

    private static string OneTask(CampaignSummary summary, string task)
    {
        var before = summary.Baseline.ByTask[task];
        double[] shares = [before, .. summary.Rounds.Select(round => round.Eval.ByTask.GetValueOrDefault(task))];
        var chart = new LineChart(
            $"Accuracy on {task} by round, from {Html.Percent(before)} to {Html.Percent(shares[^1])}",
            "",
            [
                new Series(
                    task,
                    [
                        .. shares.Select(
                            (share, round) => new ChartPoint(round, share * 100, $"{task}, {Name(round)}: {Html.Percent(share)}")),
                    ]),
            ])
        {
            Width = 180,
            Height = 120,
            YRange = (0, 100),
            YSteps = 2,
            Baseline = before * 100,
        };
        return Html.Figure(task, $"{before * 100:0} → {shares[^1] * 100:0} %", chart.Render());
    }

    private static string Name(int round) => round == 0 ? "base" : $"round {round}";
}
