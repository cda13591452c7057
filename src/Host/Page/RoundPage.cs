using IterativeDpo.Campaigns;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Report.Charts;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Page;

/// <summary>One round: its figures, the scores of its samples, its training step by step, and where its time goes.</summary>
internal static class RoundPage
{
    public static string Render(PageData data, CampaignNow now, RoundState round) =>
        Header(now, round) + Scores(data, round) + Pairs(round) + Training(data, round) + Time(round);

    private static string Header(CampaignNow now, RoundState round)
    {
        var name = round.Number == 0 ? "The base" : $"Round {round.Number}";
        var accuracy = round.HeldOut is { Total: > 0 } held && Interval.Wilson(held.Accuracy(), held.Total) is var (low, high)
            ? $"<p class=\"headline-figure\"><strong>{Html.Percent(held.Accuracy())}</strong></p><p>Held-out accuracy{(round.Outcome is null ? " so far" : "")}, on {Html.Count(held.Total)} prompts "
                + $"(95 %: {Html.Percent(low)} to {Html.Percent(high)}).</p>"
            : "<p>Not evaluated yet.</p>";
        (string Name, string Value)[] cards =
        [
            ("Outcome", Html.Text(ReportBuilder.OutcomeOf(round))),
            ("Prompts", Html.Count(round.Prompts)),
            ("Samples", Html.Count(round.SampleCount)),
            ("Tokens sampled", Html.Count(round.GeneratedTokens)),
            ("Pairs", Html.Count(round.Pairs?.PairCount ?? 0)),
            ("Prompts without", Html.Count(round.DroppedPrompts)),
            .. round.Divergence is { } kl ? [("KL to the base", Html.Number(kl.PerAnswer, "0.00"))] : Array.Empty<(string, string)>(),
            ("Time", Html.Text(Html.Duration(round.TotalSeconds))),
        ];
        return $"""
            <header>
            <p class="kicker">{(round.Number == 0 ? "Before the first round" : $"Of {now.State.Plan!.Rounds} rounds")}</p>
            <h1>{name}</h1>
            <div class="headline">{accuracy}</div>
            <dl class="cards">
            {string.Concat(cards.Select(card => HeaderSection.Card(card.Name, card.Value)))}</dl>
            <nav class="pager" aria-label="Rounds">{Link(now, round.Number - 1, "← ")}{Link(now, round.Number + 1, "", " →")}</nav>
            </header>

            """;
    }

    private static string Link(CampaignNow now, int number, string before, string after = "") => now.Round(number) is null
        ? ""
        : $"<a href=\"/rounds/{number}\">{before}{(number == 0 ? "The base" : $"Round {number}")}{after}</a> ";

    private static string Scores(PageData data, RoundState round)
    {
        if (round.Number == 0)
        {
            return "";
        }
        var scores = data.Scores(round);
        var bars = scores.Bars();
        var chart = new StackedBars("Samples by score", ["samples"], [.. bars.Select(bar => new StackedRow(bar.Name, [bar.Count]))], "")
        {
            Format = "#,0",
        };
        var left = scores is { Abstained: 0, Failed: 0 }
            ? ""
            : $" Without a score: {Html.Count(scores.Abstained)} samples; the judge failed on {Html.Count(scores.Failed)} prompts.";
        return Html.Section(
            "scores",
            "Samples by score",
            $"{Html.Count(scores.Total)} of {Html.Count(round.SampleCount)} samples have a score.{left}",
            bars.Count == 0 ? "" : $"<div class=\"charts one\">{Html.Figure("Samples", "", chart.Render())}</div>");
    }

    private static string Pairs(RoundState round)
    {
        if (round.Pairs is not { } pairs)
        {
            return "";
        }
        var counts = pairs.Counts is { } all
            ? Html.Table("What became of every two samples", ["What", "Times"], new (string, long)[]
            {
                ("pairs", pairs.PairCount),
                ("of them ties", pairs.TiePairs),
                ("equal scores", all.Ties),
                ("equal texts", all.Duplicates),
                ("scores within the margin", all.WithinMargin),
                ("undecided", all.Undecided),
                ("compared the other way round", all.Contradicted),
                ("the base's the better one", all.Anchored),
                ("of too different a length", all.LengthRatio),
                ("too alike", all.Similar),
                ("left out by the strategy", all.Unselected),
            }.Where(item => item.Item2 > 0).Select(item => new[] { item.Item1, Html.Count(item.Item2) }), "figures narrow-table")
            : "";
        return Html.Section(
            "pairs",
            "Pairs",
            $"Every two samples of a prompt that do not become a pair are counted by the reason.{(pairs.Consistency is { } consistency ? $" The policy before ranks the samples alike to {Html.Number(consistency, "0.###")}, which is the pairs' probability." : "")}",
            $"{counts}<p class=\"more\"><a href=\"/pairs?round={round.Number}\">The pairs of this round</a></p>");
    }

    private static string Training(PageData data, RoundState round) => round.Number == 0 || round.Pairs is null
        ? ""
        : TrainingSection.Render(
            [ReportBuilder.Detail(round, data.Steps(round))],
            "Every optimiser step, as they come. Rewards are measured against the reference policy of the round.");

    private static string Time(RoundState round)
    {
        (string Name, double Seconds)[] stages =
        [
            .. Enum.GetValues<Stage>().Select(stage => (EventWords.Name(stage), round.Seconds(stage))).Where(stage => stage.Item2 > 0),
        ];
        if (stages.Length == 0)
        {
            return "";
        }
        var chart = new StackedBars(
            "Time by stage",
            ["seconds"],
            [.. stages.Select(stage => new StackedRow(stage.Name, [stage.Seconds]))],
            " s");
        return Html.Section(
            "time",
            "Time by stage",
            "Of the units that are done, added up over workers.",
            $"<div class=\"charts one\">{Html.Figure("Time", "", chart.Render())}</div>");
    }
}
