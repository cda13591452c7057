using IterativeDpo.Host.Pairs;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging;

namespace IterativeDpo.Host.Page;

/// <summary>One pair: both answers side by side, and everything that made it.</summary>
internal static class PairPageView
{
    public static string Render(FoundPair found)
    {
        var (pair, source) = (found.Pair, found.Source);
        var (chosen, rejected) = TextDifference.Mark(source.ChosenText, source.RejectedText);
        (string Name, string Value)[] facts =
        [
            ("id", Html.Text(found.Id.ToString())),
            ("round", $"<a href=\"/rounds/{source.Round}\">{source.Round}</a>"),
            ("task", Html.Text(source.Task ?? "—")),
            (
                "prompt",
                $"<a href=\"/pairs?prompt={Uri.EscapeDataString(pair.PromptId)}\">{Html.Text(pair.PromptId)}</a> ({pair.PromptIds.Length} tokens)"),
            ("judge", Html.Text(source.Judge)),
            ("probability that chosen is better", Html.Number(pair.ChosenProbability, "0.###")), ("sampler", Html.Text(source.Sampling)),
            ("base", Html.Digest(source.BaseSha256.Hex)), ("adapter", Html.Digest(source.AdapterSha256?.Hex)),
        ];
        return $"""
            <header><p class="kicker">Preference pair</p><h1>Round {source.Round}, {Html.Text(source.Task ?? pair.PromptId)}</h1></header>
            <section id="prompt" aria-labelledby="prompt-title"><h2 id="prompt-title">Prompt</h2><div class="answer"><p class="sample">{Html.Text(source.PromptText)}</p></div></section>
            <section id="answers" aria-labelledby="answers-title"><h2 id="answers-title">Answers</h2><p class="lead">What only one of them has is marked.</p><div class="sides">
            {Side("Chosen", "good", chosen, source.ChosenScore, source.ChosenIndex, source.ChosenModel, source.ChosenSeed, pair.ChosenIds.Length, source.ChosenJudgement)}
            {Side("Rejected", "bad", rejected, source.RejectedScore, source.RejectedIndex, source.RejectedModel, source.RejectedSeed, pair.RejectedIds.Length, source.RejectedJudgement)}
            </div></section>
            {(source.Comparison is { } comparison ? Comparison(comparison) : "")}
            <section id="made" aria-labelledby="made-title"><h2 id="made-title">What made it</h2><dl class="facts">{string.Concat(facts.Select(fact => $"<div><dt>{fact.Name}</dt><dd>{fact.Value}</dd></div>"))}</dl></section>

            """;
    }

    private static string Side(string name, string kind, string text, double score, int index, string? model, ulong seed, int tokens, Judgement? judgement) => $"""
        <div class="answer {kind}"><h3>{name}: {Html.Number(score, "0.###")}</h3><p class="sample">{text}</p>
        <p class="hint">sample {index}{(model is null ? "" : $" of the {Html.Text(model)}")}, seed <code>{seed:x16}</code>, {tokens} tokens</p>{(judgement is { Explanation.Length: > 0 } ? $"<p class=\"hint\">Why: <span class=\"sample\">{Html.Text(judgement.Explanation)}</span></p>" : "")}{Calls(judgement?.Calls)}</div>
        """;

    private static string Comparison(Comparison comparison)
    {
        var orders = comparison is { Forward: null, Backward: null }
            ? ""
            : $" Shown first {Optional(comparison.Forward)}, shown second {Optional(comparison.Backward)}.";
        return Html.Section(
            "comparison",
            "Compared",
            $"{PairText.Outcome(comparison)}; probability of sample {comparison.First} {Html.Number(comparison.Probability, "0.###")}.{orders}",
            $"<p class=\"sample\">{Html.Text(comparison.Explanation)}</p>{Calls(comparison.Calls)}");
    }

    private static string Calls(IReadOnlyList<JudgeCall>? calls) => string.Concat((calls ?? []).Select((call, i) =>
        $"<details><summary>Asked and answered ({i + 1})</summary><div class=\"call\"><p class=\"sample\">{Html.Text(call.Prompt)}</p><p class=\"sample\">{Html.Text(call.Answer)}</p></div></details>"));

    private static string Optional(double? value) => value is { } number ? Html.Number(number, "0.###") : "—";
}
