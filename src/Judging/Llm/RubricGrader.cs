using System.Globalization;
using System.Text.RegularExpressions;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Llm;

/// <summary>
/// Gives each sample the mean of the points, 0 to 5, in several sampled answers of the model, divided by 5. An answer that does not say
/// <c>Score: n</c> does not count; where none does, the judge abstains. (Self-rewarding language models, Yuan et al. 2024, arXiv
/// 2401.10020.)
/// </summary>
internal sealed partial class RubricGrader(RubricMode mode, IJudgeModel model, ulong seed)
{
    private const double Most = 5;

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        IGrouping<string, Sample>[] texts = [.. samples.Samples.GroupBy(sample => sample.Text, StringComparer.Ordinal)];
        var graded = await LlmJudge
            .AskAllAsync(texts, (text, token) => GradeAsync(samples.Prompt, text.First(), token), cancellationToken)
            .ConfigureAwait(false);
        return new Verdict(
            [
                .. texts
                    .Zip(graded)
                    .SelectMany(item => item.First.Select(sample => Of(sample, item.Second.Judgement)))
                    .OrderBy(judgement => judgement.SampleIndex),
            ],
            Usage: graded.Aggregate(new JudgeUsage(), (sum, item) => sum + item.Usage));
    }

    /// <summary>The points that an answer gives: the last it says; null where it says none from 0 to 5.</summary>
    internal static double? ReadPoints(string answer) =>
        Points().Matches(answer) is [.., var last]
        && double.TryParse(last.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var points) && points <= Most ? points : null;

    private static Judgement Of(Sample sample, Judgement judgement) => sample.Index == judgement.SampleIndex
        ? judgement
        : new Judgement(sample.Index, judgement.Score, $"the same text as sample {judgement.SampleIndex}");

    private async Task<(Judgement Judgement, JudgeUsage Usage)> GradeAsync(
        Prompt prompt,
        Sample sample,
        CancellationToken cancellationToken)
    {
        var question = mode.Template.Resolve(new Dictionary<string, string>
        {
            ["prompt"] = LlmJudge.Show(prompt),
            ["answer"] = sample.Text,
            ["rubric"] = mode.Rubric,
        });
        var asked = SampleSeed.Derive(seed, sample.Index, prompt.Id, 0);
        var answers = await LlmJudge.AskAllAsync(
            [.. Enumerable.Range(0, mode.Answers)],
            (i, token) => model.AnswerAsync(question, mode.Temperature, mode.MaxTokens, SampleSeed.Mix(asked + (ulong)i), token),
            cancellationToken).ConfigureAwait(false);
        double?[] points = [.. answers.Select(answer => ReadPoints(answer.Text))];
        var said = string.Join(", ", points.Select(p => p?.ToString(CultureInfo.InvariantCulture) ?? "none"));
        var text = PromptTemplate.Write(question);
        return (
            new Judgement(
                sample.Index,
                points.Average() / Most,
                $"points of {Most}: {said}",
                [.. answers.Select(answer => new JudgeCall(text, answer.Text))]),
            answers.Aggregate(new JudgeUsage(), (sum, answer) => sum + answer.Usage));
    }

    [GeneratedRegex(@"score:[\s*]*([0-9]+(?:\.[0-9]+)?)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Points();
}
