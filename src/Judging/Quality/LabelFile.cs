using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Judging.Quality;

/// <summary>
/// Labels to measure a judge by, as JSON lines: <c>{"id": "…", "scores": [1, 0, null]}</c> with a score for each sample in order, higher
/// is better, or a <see cref="VerdictFile"/> of another judge.
/// </summary>
public static class LabelFile
{
    private static readonly JsonLines<Line> Lines = new("no label", "A line is {\"id\": \"…\", \"scores\": [1, 0]} or a judge's verdict.")
    {
        Problem = ProblemOf,
    };

    /// <returns>By the prompts' ids; explanations are left out.</returns>
    /// <exception cref="UserInputException">The file is missing or empty, or a line is no label; names file and line.</exception>
    public static IReadOnlyDictionary<string, Verdict> Read(string path)
    {
        var labels = new Dictionary<string, Verdict>();
        var number = 0;
        foreach (var text in TextFile.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(text)
                && Lines.Parse(Encoding.UTF8.GetBytes(text), $"{path}, line {number}") is { Label: { } label } line
                && !labels.TryAdd(line.PromptId ?? line.Id!, label))
            {
                throw new UserInputException(
                    $"{path}, line {number}: a second label of prompt '{line.PromptId ?? line.Id}'; take one of them out.");
            }
        }
        return labels.Count > 0
            ? labels
            : throw new UserInputException($"{path}: there are no labels; each line is {{\"id\": \"…\", \"scores\": [1, 0]}}.");
    }

    private static string? ProblemOf(Line line) => line switch
    {
        { PromptId: not null, Verdict: { } verdict } => verdict
            .Judgements.GroupBy(one => one.SampleIndex)
            .FirstOrDefault(same => same.Count() > 1)
            is { } twice
            ? $"It judges sample {twice.Key} twice: take one of the judgements out."
            : null,
        { PromptId: not null, Failure: not null } or { Id: not null, Scores: not null } => null,
        _ => "It has no 'id' with 'scores', and no 'prompt_id' with a 'verdict'.",
    };

    /// <summary>Either form of a line; a verdict's failure is no label.</summary>
    private sealed record Line(
        string? Id = null, IReadOnlyList<double?>? Scores = null, string? PromptId = null, Verdict? Verdict = null, string? Failure = null)
    {
        public Verdict? Label => Verdict is { } verdict
            ? new(
                [.. verdict.Judgements.Select(one => new Judgement(one.SampleIndex, one.Score, ""))],
                verdict.Comparisons is { } comparisons
                    ? [.. comparisons.Select(one => new Comparison(one.First, one.Second, one.Preference, one.Probability, ""))]
                    : null)
            : Scores is { } scores ? new([.. scores.Select((score, i) => new Judgement(i, score, ""))]) : null;
    }
}
