using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Judging.Quality;

/// <summary>
/// Labels to measure a judge by, as JSON lines: <c>{"id": "…", "scores": [1, 0, null]}</c> with a score for each sample in order, higher
/// is better, or a <see cref="VerdictFile"/> of another judge.
/// </summary>
public static class LabelFile
{
    /// <returns>By the prompts' ids; explanations are left out.</returns>
    /// <exception cref="UserInputException">The file is missing or empty, or a line is no label; names file and line.</exception>
    public static IReadOnlyDictionary<string, Verdict> Read(string path)
    {
        var labels = new Dictionary<string, Verdict>();
        var number = 0;
        foreach (var line in TextFile.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line) && Parse(line, $"{path}, line {number}") is var (id, label) && label is not null && !labels.TryAdd(id, label))
            {
                throw new UserInputException($"{path}, line {number}: a second label of prompt '{id}'; take one of them out.");
            }
        }
        return labels.Count > 0 ? labels : throw new UserInputException($"{path}: there are no labels; each line is {{\"id\": \"…\", \"scores\": [1, 0]}}.");
    }

    private static (string Id, Verdict? Label) Parse(string line, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            if (row.TryGetProperty("verdict", out _))
            {
                var judged = VerdictFile.Parse(line, where);
                return (judged.PromptId, judged.Verdict is { } verdict ? Slim(verdict, where) : null);
            }
            return (row.GetProperty("id").GetString() ?? throw new FormatException("the id is null"), new([.. row.GetProperty("scores").EnumerateArray().Select((score, i) =>
                new Judgement(i, score.ValueKind == JsonValueKind.Null ? null : score.GetDouble(), ""))]));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new UserInputException($"{where}: no label; a line is {{\"id\": \"…\", \"scores\": [1, 0]}} or a judge's verdict.", e);
        }
    }

    private static Verdict Slim(Verdict verdict, string where)
    {
        if (verdict.Judgements.GroupBy(one => one.SampleIndex).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new UserInputException($"{where}: judges sample {twice.Key} twice; take one of the judgements out.");
        }
        return new(
            [.. verdict.Judgements.Select(one => new Judgement(one.SampleIndex, one.Score, ""))],
            verdict.Comparisons is { } comparisons ? [.. comparisons.Select(one => new Comparison(one.First, one.Second, one.Preference, one.Probability, ""))] : null);
    }
}
