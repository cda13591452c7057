using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Report;

/// <summary>What was run and what came of it, at a glance.</summary>
internal static class HeaderSection
{
    public static string Render(ReportData data)
    {
        var summary = data.Summary;
        var (before, after) = (summary.Baseline.HeldoutAccuracy, summary.Final.HeldoutAccuracy);
        return $"""
            <header>
            <p class="kicker">Iterative DPO campaign</p>
            <h1>{Html.Text(summary.Campaign)}</h1>
            <div class="headline">
            <p class="headline-figure"><span>{Html.Percent(before)}</span> <span class="arrow" aria-label="to">→</span> <strong>{Html.Percent(after)}</strong></p>
            <p>Held-out accuracy of greedy answers, base model to last kept round: <strong>{Html.Points(after - before)} points</strong>
            on {Html.Count(summary.Baseline.HeldoutPrompts)} prompts that were never trained on.</p>
            {string.Concat(Origins(data.Origin))}
            </div>
            <dl class="cards">
            {Card("Rounds", Html.Count(summary.Rounds.Count))}{Card("Prompts", Html.Count(summary.Rounds.Sum(r => r.Prompts)))}{Card("Samples", Html.Count(summary.Rounds.Sum(r => r.Samples)))}{Card("Tokens sampled", Html.Count(summary.Rounds.Sum(r => r.GeneratedTokens)))}{Card("Preference pairs", Html.Count(summary.Rounds.Sum(r => r.Pairs)))}{Card("Optimiser steps", Html.Count(summary.Rounds.Sum(r => r.Train?.Steps ?? 0)))}{Card("Time", Html.Text(Html.Duration(summary.Rounds.Sum(r => r.Seconds.Total))))}</dl>
            </header>

            """;
    }

    /// <summary>The tree that it is a branch of, nearest first.</summary>
    private static IEnumerable<string> Origins(CampaignOrigin? origin)
    {
        for (; origin is not null; origin = origin.Before)
        {
            yield return $"<p>Rounds 0 to {origin.Round} are those of the campaign {Html.Text(origin.Campaign)} in <code>{Html.Text(origin.StatePath)}</code>.</p>\n";
        }
    }

    public static string Card(string name, string value) => $"<div><dt>{name}</dt><dd>{value}</dd></div>\n";
}
