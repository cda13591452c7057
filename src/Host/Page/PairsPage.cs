using System.Globalization;
using IterativeDpo.Host.Pairs;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Page;

/// <summary>What is asked of the list of pairs.</summary>
/// <param name="Number">Of the list's page, from 1.</param>
internal sealed record PairQuery(PairFilter Filter, PairSort Order, int Number)
{
    public const int Size = 25;

    /// <summary>As an address has it, for another page of the list.</summary>
    public string With(int number)
    {
        (string Name, string? Value)[] parts =
        [
            ("round", $"{Filter.Round}"),
            ("task", Filter.Task),
            ("judge", Filter.Judge),
            ("min_margin", Filter.MinMargin?.ToString(CultureInfo.InvariantCulture)),
            ("prompt", Filter.Prompt),
            ("contains", Filter.Contains),
            ("sort", Order == PairSort.Made ? null : Order.ToString().ToLowerInvariant()),
            ("page", number == 1 ? null : $"{number}"),
        ];
        var query = string.Join(
            '&',
            parts.Where(part => !string.IsNullOrEmpty(part.Value)).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
        return query.Length == 0 ? "/pairs" : $"/pairs?{query}";
    }
}

/// <summary>The preference pairs, to be searched.</summary>
internal static class PairsPage
{
    private static readonly (PairSort Order, string Name)[] s_orders =
        [
            (PairSort.Made, "as they were made"),
            (PairSort.Margin, "scores far apart first"),
            (PairSort.Close, "scores close first"),
            (PairSort.Length, "longest answers first"),
        ];

    public static string Render(CampaignNow now, PairPage page, PairQuery query)
    {
        var rounds = now.State.Rounds.Where(round => round.Pairs is { PairCount: > 0 }).Select(round => $"{round.Number}").ToArray();
        var pages = Math.Max(1, (page.Total + PairQuery.Size - 1) / PairQuery.Size);
        var rows = page.Pairs.Select(Row);
        var what = page.Total == 0
            ? page.All == 0 ? "No round has made its pairs yet." : "No pair is like that; leave a part of the search out."
            : $"{Html.Count(page.Total)} of {Html.Count(page.All)} pairs{(pages > 1 ? $"; page {query.Number} of {pages}" : "")}.";
        return $"""
            <header><h1>Pairs</h1></header>
            <form class="search" method="get" action="/pairs" role="search">
            <label class="wide-field">Text <input type="search" name="contains" value="{Html.Text(query.Filter.Contains)}" placeholder="in the prompt or an answer"></label>
            {Select("round", "Round", rounds, query.Filter.Round?.ToString(CultureInfo.InvariantCulture))}
            {Select("task", "Task", page.Tasks, query.Filter.Task)}
            {Select("judge", "Judge", page.Judges, query.Filter.Judge)}
            <label>Least margin <input type="number" name="min_margin" step="any" value="{query.Filter.MinMargin?.ToString(CultureInfo.InvariantCulture)}"></label>
            <label>Prompt's id <input type="text" name="prompt" value="{Html.Text(query.Filter.Prompt)}"></label>
            <label>Order <select name="sort">{string.Concat(s_orders.Select(order => Option(order.Order.ToString().ToLowerInvariant(), order.Name, query.Order == order.Order)))}</select></label>
            <div class="buttons"><button type="submit">Search</button> <a href="/pairs">Clear</a></div>
            </form>
            <p class="lead more" id="count" role="status">{what}</p>
            {(page.Total == 0 ? "" : Html.Table("Pairs", ["Pair", "Prompt", "Chosen", "Rejected", "Scores"], rows, "pairs stack"))}
            <nav class="pager" aria-label="Pages of the list">{(query.Number > 1 ? $"<a rel=\"prev\" href=\"{Html.Text(query.With(query.Number - 1))}\">← Before</a> " : "")}{(query.Number < pages ? $"<a rel=\"next\" href=\"{Html.Text(query.With(query.Number + 1))}\">Next →</a>" : "")}</nav>

            """;
    }

    public static string PathOf(FoundPair found) => $"/pairs/{Uri.EscapeDataString(found.Id.ToString())}";

    private static string[] Row(FoundPair found)
    {
        var (chosen, rejected) = TextDifference.Mark(found.Source.ChosenText, found.Source.RejectedText);
        return
        [
            $"<a href=\"{Html.Text(PathOf(found))}\">Round {found.Source.Round}, {Html.Text(found.Source.Task ?? found.Pair.PromptId)}</a>",
            $"<span class=\"sample\">{Html.Text(found.Source.PromptText)}</span>",
            $"<span class=\"sample\">{chosen}</span>",
            $"<span class=\"sample\">{rejected}</span>",
            $"{Html.Number(found.Source.ChosenScore, "0.##")}\u00a0/\u00a0{Html.Number(found.Source.RejectedScore, "0.##")}",
        ];
    }

    private static string Select(string name, string label, IReadOnlyList<string> values, string? chosen) =>
        $"<label>{label} <select name=\"{name}\">{Option("", "any", chosen is null)}{string.Concat(values.Select(value => Option(value, value, value == chosen)))}</select></label>";

    private static string Option(string value, string name, bool isChosen) =>
        $"<option value=\"{Html.Text(value)}\"{(isChosen ? " selected" : "")}>{Html.Text(name)}</option>";
}
