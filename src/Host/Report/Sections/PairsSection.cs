using IterativeDpo.Training;

namespace IterativeDpo.Host.Report;

/// <summary>Preference pairs with where each came from, by round.</summary>
internal static class PairsSection
{
    private static readonly string[] Headings = ["Task", "Prompt", "Chosen", "Rejected", "Scores", "Provenance"];

    public static string Render(ReportData data)
    {
        var shown = data
            .Pairs.Where(pair => pair.Provenance is not null)
            .GroupBy(pair => pair.Provenance!.Round)
            .OrderBy(round => round.Key);
        var total = data.Summary.Rounds.Sum(round => round.Pairs);
        return Html.Section(
            "pairs",
            "Preference pairs",
            $"{Html.Count(data.Pairs.Count)} of {Html.Count(total)} pairs, with everything needed to draw and judge them again.",
            string.Concat(shown.Select(Round)));
    }

    private static string Round(IGrouping<int, PairRecord> round) =>
        $"<details><summary>Round {round.Key}: {round.Count()} pairs</summary>\n{Html.Table($"Pairs of round {round.Key}", Headings, round.Select(Row), "pairs")}</details>\n";

    private static string[] Row(PairRecord record)
    {
        var source = record.Provenance!;
        return
        [
            Html.Text(source.Task ?? "—"),
            $"<span class=\"sample\">{Html.Text(source.PromptText)}</span>",
            $"<span class=\"sample chosen\">{Html.Text(source.ChosenText)}</span>",
            $"<span class=\"sample rejected\">{Html.Text(source.RejectedText)}</span>",
            $"{Html.Number(source.ChosenScore, "0.##")} / {Html.Number(source.RejectedScore, "0.##")}",
            Provenance(record.Pair, source),
        ];
    }

    private static string Provenance(PreferencePair pair, PairProvenance source) => $"""
        <dl class="provenance"><dt>prompt</dt><dd><code>{Html.Text(pair.PromptId)}</code></dd><dt>samples</dt><dd>#{source.ChosenIndex} and #{source.RejectedIndex}</dd><dt>seeds</dt><dd><code>{source.ChosenSeed:x16}</code> <code>{source.RejectedSeed:x16}</code></dd><dt>sampler</dt><dd>{Html.Text(source.Sampling)}</dd><dt>base</dt><dd>{Html.Digest(source.BaseSha256.Hex)}</dd><dt>adapter</dt><dd>{Html.Digest(source.AdapterSha256?.Hex)}</dd><dt>judge</dt><dd>{Html.Text(source.Judge)}</dd></dl>
        """;
}
