using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Report;

/// <summary>What the figures mean, and what they do not.</summary>
internal static class NotesSection
{
    public static string Render(ReportData data) => Html.Section(
        "notes",
        "How to read this",
        "",
        $"<ul class=\"notes\">{string.Concat(Notes(data).Select(note => $"<li>{Html.Text(note)}</li>\n"))}</ul>");

    private static IEnumerable<string> Notes(ReportData data)
    {
        var summary = data.Summary;
        foreach (var warning in data.Warnings ?? [])
        {
            yield return $"Warning. {warning}";
        }
        if (data.FromBundledSeed)
        {
            yield return "What the gain is: the bundled seed policy was trained on partly noisy answers on purpose. Much of the gain removes that "
                + "noise (chatty wrapping, wrong format, wrong order); less of it is new skill. In a control experiment, training on the "
                + "verified answers alone did about as well: the campaign shows that the loop works, not that DPO is the best way to learn these tasks.";
        }
        var (low, high) = Interval.Wilson(summary.Final.HeldoutAccuracy, summary.Baseline.HeldoutPrompts);
        yield return $"How sure it is: with {Html.Count(summary.Baseline.HeldoutPrompts)} held-out prompts the final accuracy has a 95 % interval of "
            + $"{Html.Percent(low)} to {Html.Percent(high)}; bands show it. Accuracy by task rests on fewer prompts and moves more by chance.";
        if (WorstTask(summary) is { Change: < -0.005 } worst)
        {
            yield return $"What got worse: {worst.Name} lost {Html.Points(-worst.Change).TrimStart('+')} points against the base.";
        }
        var rolledBack = data.Rounds.Where(round => round.Outcome == "rolled back").Select(round => round.Round).ToArray();
        if (rolledBack.Length > 0)
        {
            yield return $"Rolled back: round {string.Join(", ", rolledBack)} did not pass the gate; the next round went on from the checkpoint before.";
        }
        yield return "Held-out answers are greedy; training samples are drawn at the campaign's temperature, so the two differ in accuracy.";
    }

    private static (string Name, double Change) WorstTask(CampaignSummary summary) =>
        summary.Rounds.Count == 0
            ? default
            : summary.Baseline.ByTask
                .Select(task => (task.Key, Change: summary.Rounds[^1].Eval.ByTask.GetValueOrDefault(task.Key) - task.Value))
                .MinBy(task => task.Change);
}
