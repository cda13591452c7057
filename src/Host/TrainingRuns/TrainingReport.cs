using System.Text;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Report;
using IterativeDpo.Training;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>The curves of a training run on its own, as one HTML file that needs nothing else.</summary>
internal static class TrainingReport
{
    public static void Write(string path, TrainingOutcome outcome, IReadOnlyList<TrainingStep> history, string settingsJson) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Render(outcome, history, settingsJson))));

    private static string Render(TrainingOutcome outcome, IReadOnlyList<TrainingStep> history, string settingsJson)
    {
        double Metric(string name) => outcome.Metrics.GetValueOrDefault(name, double.NaN);
        var cards = string.Concat(
            HeaderSection.Card("Examples", Html.Count(outcome.Examples)),
            HeaderSection.Card("Optimiser steps", Html.Count(outcome.Steps)),
            HeaderSection.Card("Mean loss", Html.Significant(Metric("loss"))),
            HeaderSection.Card("Last loss", Html.Significant(history[^1].Metrics["loss"])),
            HeaderSection.Card("rewards/margins", Html.Significant(Metric("rewards/margins"))),
            HeaderSection.Card("Time", Html.Text(Html.Duration(outcome.Seconds))));
        var header = $"""
            <header>
            <p class="kicker">Preference training</p>
            <h1>{Html.Text(outcome.Losses)}</h1>
            <dl class="cards">
            {cards}</dl>
            </header>

            """;
        var steps = TrainingSection.Render([new RoundDetail(1, "", "", 0, 0, history)], "Every optimiser step.");
        var facts = new Dictionary<string, string>
        {
            ["base model"] = outcome.Model,
            ["data"] = string.Join(", ", outcome.Data),
            ["result"] = outcome.Output,
        };
        return ReportHtml.Page(
            "preference training report",
            header + steps + SettingsSection.Render([.. facts, .. EngineInfo.Describe()], settingsJson));
    }
}
