using IterativeDpo.Campaigns;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Report.Charts;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Compare;

/// <summary>A comparison as one HTML file that needs nothing else.</summary>
internal static class ComparisonPage
{
    public static string Render(ArmComparison comparison) => ReportHtml.Page(TitleOf(comparison), Sections(comparison));

    public static string TitleOf(ArmComparison comparison) => $"{string.Join(", ", comparison.Arms.Select(arm => arm.Name))} · comparison";

    /// <summary>What is in the page.</summary>
    public static string Sections(ArmComparison comparison) => $"""
        <header>
        <p class="kicker">Iterative DPO campaigns side by side</p>
        <h1>{Html.Text(string.Join(", ", comparison.Arms.Select(arm => arm.Name)))}</h1>
        </header>

        """
        + Differences(comparison)
        + Wins(comparison.Judged)
        + Rounds(comparison)
        + Arms(comparison)
        + Forks(comparison)
        + Campaigns(comparison);

    private static string Differences(ArmComparison comparison) => comparison.Differences.Count == 0 ? "" : Html.Section(
        "differences",
        $"Against {Html.Text(comparison.Arms[0].Name)}",
        $"Points of accuracy of greedy answers to the same held-out prompts, with 95 % intervals: paired bootstrap over prompts, {Html.Count(PairedDifference.Resamples)} resamples, of means over seeds. What other seeds would give is not in them.",
        Html.Table(
            "Differences",
            ["Arm", "Points", "95 % interval", "Prompts", "McNemar's p"],
            comparison.Differences.Select(difference => (string[])
            [
                Html.Text(difference.Arm),
                $"<strong>{Html.Points(difference.HeldOut.Mean)}</strong>",
                $"{Html.Points(difference.HeldOut.Low)} to {Html.Points(difference.HeldOut.High)}{(difference.HeldOut.IsSure ? "" : ": 0 is in it")}",
                Html.Count(difference.HeldOut.Prompts),
                difference.McNemar is { } p ? Html.Number(p, "0.0000") : "—",
            ]),
            "figures"));

    private static string Wins(JudgedArms? judged) => judged is null ? "" : Html.Section(
        "wins",
        "By a judge",
        $"How often {judged.Judge} prefers an arm's greedy answer to a held-out prompt, a tie counting half. Length-controlled: what a logistic regression on the difference in length gives for answers of the same length (arXiv 2404.04475). "
            + $"95 % intervals: paired bootstrap over prompts, {Html.Count(WinRate.Resamples)} resamples.",
        Html.Table(
            "Wins",
            ["Arm", "Against", "Wins", "95 % interval", "Length-controlled", "95 % interval", "Better, worse, tied", "No verdict"],
            judged.Arms.Select(arm => (string[])
            [
                Html.Text(arm.Arm),
                Html.Text(arm.Against ?? "its base"),
                arm.Wins is { } wins ? $"<strong>{Html.Percent(wins.Plain.Value)}</strong>" : "—",
                Range(arm.Wins?.Plain),
                arm.Wins is { } controlled ? Html.Percent(controlled.LengthControlled.Value) : "—",
                Range(arm.Wins?.LengthControlled),
                arm.Wins is { } counted ? $"{Html.Count(counted.Won)}, {Html.Count(counted.Lost)}, {Html.Count(counted.Tied)}" : "—",
                Html.Count(arm.Unjudged),
            ]),
            "figures"));

    private static string Range(Estimate? estimate) =>
        estimate is { } known ? $"{Html.Percent(known.Low)} to {Html.Percent(known.High)}" : "—";

    private static string Rounds(ArmComparison comparison)
    {
        var chart = new LineChart(
            "Held-out accuracy by round and arm",
            "round",
            [.. comparison.Arms.Select(arm => new Series(arm.Name, Points(arm)))])
        {
            Width = 800,
            Height = 260,
            YRange = (0, 100),
            YUnit = " %",
        };
        var narrow = chart with { Width = 400, Height = 240 };
        return Html.Section(
            "rounds",
            "Held-out accuracy by round",
            "Means over seeds, of the checkpoint that each round ended with: a round that was rolled back has that of the round before.",
            Html.Figure(
                "All tasks",
                "",
                $"<div class=\"wide\">{chart.Render()}</div><div class=\"narrow\" aria-hidden=\"true\">{narrow.Render()}</div>",
                [.. comparison.Arms.Select(arm => Html.Text(arm.Name))]));
    }

    /// <summary>As far as every seed has come.</summary>
    private static ChartPoint[] Points(Arm arm) => [.. Enumerable.Range(0, arm.Runs.Min(run => run.Rounds.Count()) + 1).Select(round =>
    {
        var share = arm.Mean(run => run.State.Rounds.Take(round + 1).Last(r => r.Outcome == RoundOutcome.Kept).HeldOut.Accuracy());
        return new ChartPoint(round, 100 * share, $"{arm.Name}, {(round == 0 ? "base" : $"round {round}")}: {Html.Percent(share)}");
    })];

    private static string Arms(ArmComparison comparison)
    {
        var k = comparison.SamplesPerPrompt;
        return Html.Section(
            "arms",
            "Arms",
            $"pass@1, tokens, entropy and KL (divergence from the base, nats an answer): of the last checkpoint that was kept. Sampled, pass@{k} and distinct right answers to a prompt: of the last round's samples, by the policy before that round's training, on prompts that it had not seen.",
            Html.Table(
                "Arms",
                [
                    "Arm",
                    "Seeds",
                    "Rounds",
                    "pass@1",
                    "Mean tokens",
                    "Entropy",
                    "KL",
                    "Sampled",
                    $"pass@{k}",
                    "Distinct",
                    "Pairs",
                    "Sampled tokens",
                    "Time",
                ],
                comparison.Arms.Select(arm => (string[])
                [
                    Html.Text(arm.Name),
                    $"{arm.Runs.Count}",
                    Html.Number(arm.Mean(run => run.Rounds.Count()), "0.#"),
                    Html.Percent(arm.Mean(run => run.Accuracy)),
                    Html.Number(arm.Mean(run => run.MeanTokens), "0.0"),
                    Html.Number(arm.Mean(run => run.State.LastKept!.MeanEntropy)),
                    arm.MeanOrNull(run => run.Kl) is { } kl ? Html.Number(kl, "0.00") : "—",
                    arm.MeanOrNull(run => run.PassAtK(1)) is { } sampled ? Html.Percent(sampled) : "—",
                    arm.MeanOrNull(run => run.PassAtK(k)) is { } passed ? Html.Percent(passed) : "—",
                    arm.MeanOrNull(run => run.DistinctRight) is { } distinct ? Html.Number(distinct, "0.00") : "—",
                    Html.Count((long)arm.Mean(run => run.Pairs)),
                    Html.Count((long)arm.Mean(run => run.GeneratedTokens)),
                    Html.Duration(arm.Mean(run => run.Seconds)),
                ]),
                "figures"));
    }

    /// <summary>
    /// Where a campaign parted from another: those that are compared, and those that they come from. Nothing where each made all its
    /// rounds.
    /// </summary>
    private static string Forks(ArmComparison comparison)
    {
        var runs = comparison
            .Arms.SelectMany(arm => arm.Runs.Select(run => (arm.Name, Run: run)))
            .ToDictionary(run => Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Run.StatePath)));
        // By its state directory each campaign's parent; of a parent that is not compared the fork alone knows its name.
        var parents = new Dictionary<string, (string Path, int Round)>();
        var names = new Dictionary<string, string>();
        foreach (var (path, (name, run)) in runs)
        {
            names[path] =
                $"<strong>{Html.Text(name)}</strong>, seed {run.Options.Seed}: {run.Rounds.Count()} rounds, {Html.Percent(run.Accuracy)}";
            var child = path;
            for (var origin = run.State.Origin; origin is not null; origin = origin.Before)
            {
                parents[child] = (origin.StatePath, origin.Round);
                names.TryAdd(child = origin.StatePath, Html.Text(origin.Campaign));
            }
        }
        var roots = parents
            .Values.Select(parent => parent.Path)
            .Distinct()
            .Where(path => !parents.ContainsKey(path))
            .Order(StringComparer.Ordinal);
        return parents.Count == 0 ? "" : Html.Section(
            "forks",
            "Forks",
            "Which campaign shares whose first rounds, and up to which.",
            $"<ul class=\"tree\">{string.Concat(roots.Select(root => Branch(root, null)))}</ul>\n");

        string Branch(string path, int? round)
        {
            var forks = parents
                .Where(parent => parent.Value.Path == path)
                .OrderBy(parent => parent.Value.Round)
                .ThenBy(parent => parent.Key, StringComparer.Ordinal)
                .Select(parent => Branch(parent.Key, parent.Value.Round))
                .ToArray();
            return $"<li>{(round is { } at ? $"<span class=\"soft\">after round {at}:</span> " : "")}{names[path]} <code>{Html.Text(path)}</code>{(forks.Length == 0 ? "" : $"<ul>{string.Concat(forks)}</ul>")}</li>\n";
        }
    }

    private static string Campaigns(ArmComparison comparison) => Html.Section(
        "campaigns",
        "Campaigns",
        "",
        Html.Table(
            "Campaigns",
            ["Arm", "Seed", "pass@1", "Rounds kept", "State directory"],
            comparison.Arms.SelectMany(arm => arm.Runs.Select(run => (string[])
            [
                Html.Text(arm.Name),
                $"{run.Options.Seed}",
                Html.Percent(run.Accuracy),
                $"{run.Rounds.Count(round => round.Outcome == RoundOutcome.Kept)} of {run.Rounds.Count()}",
                $"<code>{Html.Text(run.StatePath)}</code>",
            ])),
            "figures"));
}
