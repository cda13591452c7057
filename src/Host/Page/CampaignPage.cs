using IterativeDpo.Campaigns;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Page;

/// <summary>The campaign as a whole: what is wrong first, then how far it came.</summary>
internal static class CampaignPage
{
    public static string Render(PageData data, CampaignNow now)
    {
        if (now.State.Plan is not { } plan)
        {
            return "<header><p class=\"kicker\">Iterative DPO campaign</p><h1>No campaign yet</h1><p class=\"lead\">The prompts and judges are being tried; it is about to begin.</p></header>\n"
                + Warnings(Troubles(now));
        }
        if (!now.HasBaseline)
        {
            return $"<header><p class=\"kicker\">Iterative DPO campaign</p><h1>{Html.Text(plan.Campaign)}</h1><p class=\"lead\">The base is being evaluated on "
                + $"{Html.Count(plan.HeldOutPrompts)} held-out prompts; figures come when that is done.</p></header>\n"
                + Warnings(Troubles(now));
        }
        var report = data.Report(now);
        return HeaderSection.Render(report)
            + Warnings([.. Troubles(now), .. JudgesSection.WarningsOf(report.Judges)])
            + AccuracySection.Render(report)
            + RoundsSection.Render(report, round => $"/rounds/{round}")
            + PolicySection.Render(report)
            + TimeSection.Render(report)
            + SettingsSection.Render(report);
    }

    /// <summary>What somebody should know or do, the worst first; judges' limits aside.</summary>
    public static IEnumerable<string> Troubles(CampaignNow now)
    {
        if (now.Trouble is { } trouble)
        {
            yield return $"The journal cannot be read just now: {trouble}";
        }
        if (now.State is { PausedBy: { } by, PauseReason: { } why } && now.Process is not null)
        {
            yield return $"Paused by {by}: {why.TrimEnd('.')}. An operator has it go on (Operate).";
        }
        else if (now.State.PauseReason is { } reason)
        {
            yield return $"Paused: {reason.TrimEnd('.')}. Nothing is lost: put it right, and the same command goes on.";
        }
        if (now.People.Waiting is { } waiting)
        {
            yield return $"{char.ToUpperInvariant(waiting[0])}{waiting[1..]}, on the page People. The campaign goes on by itself then.";
        }
        if (Watch.ReasonToStop(now.State) is { } stop)
        {
            yield return $"No further round begins: {stop}.";
        }
        if (now.Status == "stopped")
        {
            yield return "No process runs this campaign now. Everything so far is stored; the same command goes on from there.";
        }
        foreach (var (work, attempts) in now
                .State.Attempts.OrderBy(item => item.Key.Round)
                .ThenBy(item => item.Key.Stage)
                .ThenBy(item => item.Key.Index))
        {
            yield return $"Round {work.Round}, {EventWords.Name(work.Stage)}, unit {work.Index}: it failed {attempts} {(attempts == 1 ? "time" : "times")} and is tried again; the log says why.";
        }
        foreach (var round in now.State.Rounds.Where(round => round.DroppedUnits.Count > 0))
        {
            yield return $"Round {round.Number}: {round.DroppedUnits.Count} units of samples were left out, as the judge failed on them.";
        }
        if (now.State.Rounds is [.., { Outcome: RoundOutcome.RolledBack or RoundOutcome.Skipped } last])
        {
            yield return last.Outcome == RoundOutcome.RolledBack
                ? $"Round {last.Number} did not pass the gate, and was rolled back{(last.Gate is { } gate ? $": {gate.InWords()}" : "")}."
                : $"Round {last.Number} made no pair to train on.";
        }
        foreach (var finding in now.State.Rounds.SelectMany(round =>
                Watch.Of(now.State, round).Select(finding => $"Round {round.Number}: {finding}.")))
        {
            yield return finding;
        }
        foreach (var note in now
                .Notes.Select(note => note.Text)
                .Where(text =>
                    text.StartsWith("warning: ", StringComparison.Ordinal) && !text.StartsWith("warning: round ", StringComparison.Ordinal))
                .Distinct())
        {
            yield return $"{char.ToUpperInvariant(note[9])}{note[10..]}";
        }
    }

    private static string Warnings(IEnumerable<string> warnings)
    {
        var items = string.Concat(warnings.Select(warning => $"<li>{Html.Text(warning)}</li>\n"));
        return items.Length == 0
            ? ""
            : $"<section id=\"warnings\" aria-labelledby=\"warnings-title\"><h2 id=\"warnings-title\">Warnings</h2><ul class=\"notes warnings\">{items}</ul></section>\n";
    }
}
