using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Report.Charts;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Report;

/// <summary>How good the judges' verdicts were, round by round, and what they cost.</summary>
internal static class JudgesSection
{
    private static readonly string[] Headings =
        [
            "Round",
            "Judge",
            "Prompts",
            "Failed",
            "Agrees",
            "Kappa",
            "As at first",
            "Longer wins",
            "Right",
            "Flips",
            "Ties",
            "Abstains",
            "Calls",
            "Cached",
            "Tokens in",
            "Tokens out",
            "p50",
            "p95",
        ];

    public static string Render(ReportData data) => data.Judges.Count == 0 ? "" : Html.Section(
        "judges",
        "Judges",
        "Agrees is pairwise accuracy against the prompts' own checks, where there are some and the judge is another; as at first, against its own first verdicts on samples of the first round; longer wins beside what the checks call right. "
            + "Flips are comparisons that the order of the answers decides. p50 and p95 are seconds for the samples of one prompt.",
        Warnings(data.Judges) + Charts(data.Judges) + Html.Table("Judges", Headings, data.Judges.Select(Row), "figures"));

    private static string Warnings(IReadOnlyList<JudgeRound> judges)
    {
        var items = WarningsOf(judges)
            .Select(warning => $"<li>{Html.Text(warning).Replace(" %", "\u00a0%", StringComparison.Ordinal)}</li>\n")
            .ToArray();
        return items.Length == 0 ? "" : $"<ul class=\"notes warnings\">{string.Concat(items)}</ul>";
    }

    /// <summary>A sentence for each limit that a judge passed in a round.</summary>
    public static IEnumerable<string> WarningsOf(IReadOnlyList<JudgeRound> judges) =>
        judges.SelectMany(judge => judge.Warnings.Select(warning => $"Round {judge.Round}, {judge.Judge}: {warning}."));

    private static string Charts(IReadOnlyList<JudgeRound> judges)
    {
        JudgeRound[] rounds = [.. judges.Where(judge => !judge.Graded)];
        string[] charts =
        [
            Chart(
                "Agreement",
                "With the prompts' checks. Band: 95 % interval.",
                rounds,
                null,
                ("agreement", figures => figures.Agreement?.Accuracy ?? default)),
            Chart(
                "Longer wins",
                "Of pairs of different length; dashed: what is right.",
                rounds,
                ["judge", "right"],
                ("judge", figures => figures.Length.LongerWins),
                ("right", figures => figures.StandardLength?.LongerWins ?? default)),
            Chart(
                "Flip rate",
                "Of comparisons made in both orders. Band: 95 % interval.",
                rounds,
                null,
                ("flips", figures => figures.Flips)),
        ];
        return $"<div class=\"charts three\">\n{string.Concat(charts)}</div>\n";
    }

    /// <summary>Nothing where there is nothing to show.</summary>
    private static string Chart(
        string title,
        string explanation,
        JudgeRound[] rounds,
        string[]? legend,
        params (string Name, Func<JudgeFigures, Share> Share)[] lines)
    {
        Series[] series = [.. lines.Select(line => new Series(line.Name, [.. rounds
            .Select(round => (round.Round, Share: line.Share(round.Figures)))
            .Where(point => point.Share.Of > 0)
            .Select(point => Point(line.Name, point.Round, point.Share))])).Where(line => line.Points.Count > 0)];
        if (series.Length == 0)
        {
            return "";
        }
        var chart = new LineChart($"{title} by round", "round", series) { Width = 310, Height = 200, YRange = (0, 100), YUnit = " %" };
        return Html.Figure(title, explanation, chart.Render(), series.Length > 1 ? legend : null);
    }

    private static ChartPoint Point(string name, int round, Share share)
    {
        var (low, high) = share.Interval();
        return new(
            round,
            100 * share.Value!.Value,
            $"{name}, round {round}: {Percent(share)} of {Html.Count(share.Of)}",
            (100 * low, 100 * high));
    }

    private static string[] Row(JudgeRound judge)
    {
        var figures = judge.Figures;
        return
        [
            $"{judge.Round}",
            Html.Text(judge.Judge) + (judge.Graded ? " (held-out)" : ""),
            Html.Count(figures.Prompts),
            Html.Count(figures.Failures),
            Percent(figures.Agreement?.Accuracy ?? default),
            figures.Agreement?.Kappa is { } kappa ? Html.Number(kappa, "0.00") : "—",
            Percent(judge.AsAtFirst),
            Percent(figures.Length.LongerWins),
            Percent(figures.StandardLength?.LongerWins ?? default),
            Percent(figures.Flips),
            Percent(figures.Ties),
            Percent(figures.Abstentions),
            Figure(figures.Usage?.Calls),
            Figure(figures.Usage?.CachedCalls),
            Figure(figures.Usage?.InputTokens),
            Figure(figures.Usage?.OutputTokens),
            Seconds(figures.Latency, 0.5),
            Seconds(figures.Latency, 0.95),
        ];
    }

    private static string Percent(Share share) => share.Value is { } value ? Html.Percent(value) : "—";

    private static string Figure(long? value) => value is { } count ? Html.Count(count) : "—";

    private static string Seconds(Latency latency, double share) => latency.Count == 0 ? "—" : Html.Significant(latency.Quantile(share));
}
