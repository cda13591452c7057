using IterativeDpo.Host.Report.Charts;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Report;

/// <summary>Curves over the optimiser steps of all rounds, end to end.</summary>
internal static class TrainingSection
{
    private const int MostPoints = 400;

    private static readonly MetricChart[] Charts =
    [
        new("Loss", "The objective of a step, all its terms.", null, ["loss"]),
        new("Reward margin", "β × (log-ratio of chosen − of rejected).", null, ["rewards/margins"]),
        new("Reward accuracy", "Share of pairs whose chosen completion has the higher reward.", (0, 1), ["rewards/accuracies"]),
        new("Rewards", "β × log-ratio of policy to reference.", null, ["rewards/chosen", "rewards/rejected"]),
        new(
            "Log-probabilities",
            "Summed over a completion's tokens, nats; their mean over a step.",
            null,
            ["logps/chosen", "logps/rejected"]),
        new(
            "KL to the reference",
            "Mean log-ratio of policy to reference over the step's completions, nats: an estimate where the policy itself wrote them.",
            null,
            ["kl"]),
        new("Entropy", "Of the policy at a completion's token, nats.", null, ["entropy"]),
        new("Gradient norm", "Before clipping.", null, ["grad_norm"]),
        new("Learning rate", "By schedule.", null, ["learning_rate"]),
        new("Validation loss", "The objective on the examples held back.", null, ["eval_loss"]),
        new("Speed", "Tokens trained on per second, each completion's prompt counted.", null, ["tokens_per_second"]),
    ];

    /// <summary>
    /// A campaign's rounds. Charts of what no step has are left out; before the first step the usual ones are there, empty.
    /// </summary>
    public static string Render(ReportData data) => Render(
        data.Rounds, "Every optimiser step of every round, end to end. Rewards are measured against the reference policy of their round.");

    public static string Render(IReadOnlyList<RoundDetail> rounds, string lead)
    {
        var steps = rounds.SelectMany(round => round.Steps.Select(step => (round.Round, Step: step))).ToArray();
        var known = steps.SelectMany(item => item.Step.Metrics.Keys).ToHashSet();
        var charts = known.Count == 0 ? Charts[..4] : [.. Charts.Where(chart => chart.Metrics.Any(known.Contains))];
        return Html.Section(
            "training",
            "Training",
            lead,
            $"<div class=\"charts\">\n{string.Concat(charts.Select(chart => Draw(chart, steps, Marks(rounds))))}</div>");
    }

    private static string Draw(MetricChart chart, (int Round, TrainingStep Step)[] steps, IReadOnlyList<(double, string)> marks) =>
        Html.Figure(
        chart.Title,
        chart.Explanation,
        new LineChart(
            $"{chart.Title} over {steps.Length} optimiser steps",
            "optimiser step",
            [.. chart.Metrics.Select(metric => Curve(metric, steps))])
        {
            YRange = chart.Range,
            Marks = marks,
            Dots = false,
        }.Render(),
        chart.Metrics.Length > 1 ? chart.Metrics : null);

    private static Series Curve(string metric, (int Round, TrainingStep Step)[] steps) => new Series(
        metric,
        [.. steps.Select((item, i) => (item.Round, item.Step, Place: i + 1))
            .Where(item => item.Step.Metrics.ContainsKey(metric))
            .Select(item => new ChartPoint(
                item.Place,
                item.Step.Metrics[metric],
                $"{metric} {Html.Significant(item.Step.Metrics[metric])}, round {item.Round}, step {item.Step.Step}")),
    ]
).Thinned(MostPoints);

    /// <summary>Where each round of several begins; labels only as many as there is room for.</summary>
    private static List<(double, string)> Marks(IReadOnlyList<RoundDetail> rounds)
    {
        var marks = new List<(double, string)>();
        var place = 1;
        foreach (var round in rounds.Count == 1 ? [] : rounds.Where(round => round.Steps.Count > 0))
        {
            marks.Add((place, rounds.Count <= 8 ? $"r{round.Round}" : ""));
            place += round.Steps.Count;
        }
        return marks;
    }

    private sealed record MetricChart(string Title, string Explanation, (double Low, double High)? Range, string[] Metrics);
}
