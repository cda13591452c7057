using IterativeDpo.Host.Report.Charts;

namespace IterativeDpo.Host.Report;

/// <summary>Where the time of each round went.</summary>
internal static class TimeSection
{
    private const double SecondsInMinute = 60;
    private static readonly string[] Stages = ["Generate", "Judge", "Train", "Publish", "Evaluate", "Other"];

    public static string Render(ReportData data)
    {
        var rounds = data.Summary.Rounds;
        var inMinutes = rounds.Any(round => round.Seconds.Total > 10 * SecondsInMinute);
        var divisor = inMinutes ? SecondsInMinute : 1;
        var chart = new StackedBars(
            "Time of each round by stage",
            Stages,
            [
                .. rounds.Select(round => new StackedRow(
                    $"round {round.Round}",
                    [.. Parts(round.Seconds).Select(seconds => seconds / divisor)])),
            ],
            inMinutes ? " min" : " s");
        return Html.Section(
            "time",
            "Where the time went",
            Shares(rounds),
            $"<div class=\"charts one\">{Html.Figure("Time by stage", "", chart.Render(), Stages)}</div>");
    }

    private static string Shares(IReadOnlyList<RoundSummary> rounds)
    {
        var total = rounds.Sum(round => round.Seconds.Total);
        if (total <= 0)
        {
            return "";
        }
        string Share(Func<SecondsSummary, double> seconds) => Html.Percent(rounds.Sum(round => seconds(round.Seconds)) / total);
        return $"Generation took {Share(s => s.Generate)}, training {Share(s => s.Train)}, evaluation {Share(s => s.Evaluate)}, "
            + $"everything else {Share(s => Math.Max(0, s.Total - s.Generate - s.Train - s.Evaluate))}.";
    }

    private static double[] Parts(SecondsSummary seconds)
    {
        double[] stages = [seconds.Generate, seconds.Judge, seconds.Train, seconds.Publish, seconds.Evaluate];
        return [.. stages, Math.Max(0, seconds.Total - stages.Sum())];
    }
}
