using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Command;

/// <summary>A program failed on a prompt, or said something that is no answer; another try may do.</summary>
public sealed class CommandException(string message) : Exception(message);

/// <summary>The lines that go to a program and come from it: a request for each prompt, and an answer with the request's id.</summary>
internal static class CommandProtocol
{
    private const int MostQuoted = 200;

    private static readonly JsonSerializerOptions _json = new(JsonLines.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = false,
    };

    /// <summary>The request for a prompt, with its line end.</summary>
    public static byte[] WriteRequest(string id, PromptSamples samples)
    {
        var prompt = samples.Prompt;
        var request = new Request(
            id,
            prompt.Messages is null ? prompt.Text : prompt.Messages,
            prompt.Tools,
            prompt.Task,
            [.. samples.Samples.Select(sample => new RequestSample(sample.Index, sample.Text, sample.FinishReason, sample.TextIds.Count))]);
        return JsonLines.Line(request, _json);
    }

    /// <returns>Null where the line is no JSON object with an id.</returns>
    public static string? ReadId(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("id", out var id)
                && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        // The second is an id with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <param name="scoresSingleSamples">Whether every sample must have a score.</param>
    /// <exception cref="CommandException">The program could not judge, or the line is no verdict on these samples; quotes it.</exception>
    public static Verdict ReadVerdict(string line, PromptSamples samples, bool scoresSingleSamples)
    {
        var answer = Parse(line);
        if (answer.Error is { } error)
        {
            throw new CommandException($"the program says: {error}");
        }
        if (answer.Abstain)
        {
            return new Verdict([.. samples.Samples.Select(sample => new Judgement(sample.Index, null, "the program abstained"))]);
        }
        var scores = answer.Scores ?? [];
        Require(line, !scores.Contains(null!) && answer.Comparisons?.Contains(null!) != true, "a score or a comparison is null");
        Require(line, !scoresSingleSamples || answer.Scores is not null, "it has no \"scores\"");
        Require(line, scores.Select(score => score.Index).Distinct().Count() == scores.Count, "it scores a sample twice");
        var byIndex = scores.ToDictionary(score => score.Index);
        Require(
            line,
            scores.All(score => samples.Samples.Any(sample => sample.Index == score.Index)),
            "it scores a sample that was not asked about");
        Require(line, scores.All(score => score.Score is null || double.IsFinite(score.Score.Value)), "a score is not a finite number");
        Require(
            line,
            answer.Scores is null || scores.Count == samples.Samples.Count,
            "it does not score every sample (a score of null abstains)");
        return new Verdict(
            [.. samples.Samples.Select(sample => byIndex.TryGetValue(sample.Index, out var score)
                ? new Judgement(sample.Index, score.Score, score.Explanation ?? (score.Score is null ? "the program abstained" : ""))
                : new Judgement(sample.Index, null, "the program only compares samples"))],
            answer.Comparisons is null ? null : ReadComparisons(line, answer.Comparisons, samples));
    }

    /// <summary>The start of a line, in quotes.</summary>
    public static string Quote(string line) => line.Length > MostQuoted ? $"'{line[..MostQuoted]}…'" : $"'{line}'";

    private static Comparison[] ReadComparisons(string line, IReadOnlyList<AnswerComparison> comparisons, PromptSamples samples)
    {
        var known = samples.Samples.Select(sample => sample.Index).ToHashSet();
        Require(
            line,
            comparisons.All(c => known.Contains(c.First) && known.Contains(c.Second)),
            "it compares a sample that was not asked about");
        Require(line, comparisons.All(c => c.First != c.Second), "it compares a sample with itself");
        Require(
            line,
            comparisons.DistinctBy(c => (Math.Min(c.First, c.Second), Math.Max(c.First, c.Second))).Count() == comparisons.Count,
            "it compares the same two samples twice");
        Require(line, comparisons.All(c => c.Probability is null or (>= 0 and <= 1)), "a probability is not from 0 to 1");
        return
        [
            .. comparisons.Select(c => new Comparison(
                c.First,
                c.Second,
                PreferenceOf(c.Probability),
                c.Probability ?? 0.5,
                c.Explanation ?? "")),
        ];
    }

    private static Preference PreferenceOf(double? probability) => probability switch
    {
        null => Preference.Abstained,
        > 0.5 => Preference.First,
        < 0.5 => Preference.Second,
        _ => Preference.Tie,
    };

    private static Answer Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Answer>(line, _json)!;
        }
        catch (JsonException e)
        {
            throw new CommandException($"{Quote(line)} is no answer: {e.Message}");
        }
    }

    private static void Require(string line, bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new CommandException($"{Quote(line)} is no answer: {otherwise}");
        }
    }

    /// <param name="Prompt">A text, or messages.</param>
    private sealed record Request(string Id, object? Prompt, JsonText? Tools, string? Task, IReadOnlyList<RequestSample> Samples);

    private sealed record RequestSample(int Index, string Text, FinishReason FinishReason, int Tokens);

    private sealed record Answer(
        IReadOnlyList<AnswerScore>? Scores = null,
        IReadOnlyList<AnswerComparison>? Comparisons = null,
        bool Abstain = false,
        string? Error = null);

    private sealed record AnswerScore(int Index, double? Score, string? Explanation = null);

    private sealed record AnswerComparison(int First, int Second, double? Probability, string? Explanation = null);
}
