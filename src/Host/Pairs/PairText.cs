using System.Globalization;
using IterativeDpo.Judging;

namespace IterativeDpo.Host.Pairs;

/// <summary>Pairs as lines for a person.</summary>
internal static class PairText
{
    private const int TextWidth = 32;

    public static string Heading { get; } = Row("ID", "TASK", "SCORES", "PROB", "TOKENS", "PROMPT", "CHOSEN", "REJECTED");

    public static string Row(FoundPair found) => Row(
        $"{found.Id}",
        found.Source.Task ?? "-",
        $"{Number(found.Source.ChosenScore)} / {Number(found.Source.RejectedScore)}",
        Number(found.Pair.ChosenProbability),
        $"{found.Pair.ChosenIds.Length} / {found.Pair.RejectedIds.Length}",
        Shorten(found.Source.PromptText),
        Shorten(found.Source.ChosenText),
        Shorten(found.Source.RejectedText));

    /// <summary>Everything that made a pair.</summary>
    public static IEnumerable<string> Whole(FoundPair found)
    {
        var (pair, source) = (found.Pair, found.Source);
        yield return $"pair        {found.Id}";
        yield return $"round       {source.Round}, task {source.Task ?? "-"}, prompt {pair.PromptId} ({pair.PromptIds.Length} tokens)";
        yield return $"judge       {source.Judge}: {Number(source.ChosenScore)} over {Number(source.RejectedScore)}, probability {Number(pair.ChosenProbability)}";
        yield return $"sampler     {source.Sampling}";
        yield return $"base        {source.BaseSha256}";
        yield return $"adapter     {source.AdapterSha256?.Hex ?? "none"}";
        foreach (var line in Block("prompt", source.PromptText)
            .Concat(
                Answer(
                    "chosen",
                    source.ChosenIndex,
                    source.ChosenModel,
                    source.ChosenSeed,
                    pair.ChosenIds.Length,
                    source.ChosenText,
                    source.ChosenJudgement))
            .Concat(
                Answer(
                    "rejected",
                    source.RejectedIndex,
                    source.RejectedModel,
                    source.RejectedSeed,
                    pair.RejectedIds.Length,
                    source.RejectedText,
                    source.RejectedJudgement)))
        {
            yield return line;
        }
        foreach (var line in source.Comparison is { } comparison ? Compared(comparison) : [])
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Answer(
        string name,
        int index,
        string? model,
        ulong seed,
        int tokens,
        string text,
        Judgement? judgement) =>
        Block($"{name}: sample {index}{(model is null ? "" : $" of the {model}")}, seed {seed:x16}, {tokens} tokens", text)
            .Concat(
                judgement is null || judgement.Explanation.Length == 0
                    ? []
                    : Block($"{name}, why {(judgement.Score is { } score ? Number(score) : "no score")}", judgement.Explanation))
            .Concat(Calls(judgement?.Calls));

    private static IEnumerable<string> Compared(Comparison comparison)
    {
        var orders = comparison is { Forward: null, Backward: null }
            ? ""
            : $"; shown first {Optional(comparison.Forward)}, shown second {Optional(comparison.Backward)}";
        return Block(
            $"compared: sample {comparison.First} with {comparison.Second}",
            $"{Outcome(comparison)}, probability of sample {comparison.First} {Number(comparison.Probability)}{orders}\n{comparison.Explanation}".TrimEnd())
            .Concat(Calls(comparison.Calls));
    }

    public static string Outcome(Comparison comparison) => comparison.Preference switch
    {
        Preference.First => $"sample {comparison.First} is better",
        Preference.Second => $"sample {comparison.Second} is better",
        Preference.Tie => "a tie",
        _ => "abstained",
    };

    private static IEnumerable<string> Calls(IReadOnlyList<JudgeCall>? calls) =>
        (calls ?? []).SelectMany((call, i) => Block($"asked ({i + 1})", call.Prompt).Concat(Block($"answered ({i + 1})", call.Answer)));

    private static IEnumerable<string> Block(string title, string text) =>
        text.Split('\n').Select(line => $"  {line}").Prepend($"{title}").Prepend("");

    private static string Row(
        string id,
        string task,
        string scores,
        string probability,
        string tokens,
        string prompt,
        string chosen,
        string rejected) =>
        $"{id,-34} {task,-13} {scores,-13} {probability,-5} {tokens,-9} {prompt,-TextWidth} {chosen,-TextWidth} {rejected}".TrimEnd();

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings("⏎");
        return line.Length <= TextWidth ? line : $"{line[..(TextWidth - 1)]}…";
    }

    private static string Optional(double? value) => value is { } number ? Number(number) : "-";

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
