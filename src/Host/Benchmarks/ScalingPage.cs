using System.Text;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>The curves of <see cref="ScalingBenchmark"/> as one HTML file that needs nothing else.</summary>
internal static class ScalingPage
{
    public static void Write(IReadOnlyList<ScalingResult> results, string path) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Render(results))));

    private static string Render(IReadOnlyList<ScalingResult> results)
    {
        var charts = results.GroupBy(result => result.Axis).SelectMany(axis => new[]
        {
            Chart(axis.Key, "Seconds of a step", axis, result => result.SecondsPerStep, "s"),
            Chart(axis.Key, "Peak memory", axis, result => result.MemoryMib, "MiB"),
        });
        var lead = "LoRA steps of the trainer benchmark's model, the reference's pass included; one thing grows and the rest stays.";
        return ReportHtml.Page(
            "cost of a training step",
            Html.Section("scaling", "Cost as work grows", lead, $"<div class=\"charts\">\n{string.Concat(charts)}</div>"));
    }

    private static string Chart(
        string axis,
        string title,
        IEnumerable<ScalingResult> results,
        Func<ScalingResult, double> figure,
        string unit)
    {
        var points = results.OrderBy(result => result.Value)
            .Select(result => new ChartPoint(
                result.Value,
                figure(result),
                $"{axis} {result.Value}: {Html.Significant(figure(result))} {unit}"));
        var chart = new LineChart($"{title} by {axis}", axis, [new Series(title, [.. points])]) { YRange = (0, 0), YUnit = $" {unit}" };
        return Html.Figure(title, $"by {axis}", chart.Render());
    }
}
