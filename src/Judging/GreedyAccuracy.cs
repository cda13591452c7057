using IterativeDpo.Generation;

namespace IterativeDpo.Judging;

/// <summary>How many prompts of a task were answered in full.</summary>
public sealed record TaskAccuracy(string Task, int Right, int Total)
{
    /// <summary>0 to 1.</summary>
    public double Accuracy => (double)Right / Total;
}

/// <summary>How often a policy's likeliest answer is right.</summary>
public static class GreedyAccuracy
{
    /// <summary>
    /// Answers every prompt once, by temperature 0; right is a score of 1, and prompts that the judge abstains on do not count.
    /// </summary>
    /// <returns>By task, in the order of the names; prompts without a task are <c>other</c>.</returns>
    public static async Task<IReadOnlyList<TaskAccuracy>> MeasureAsync(
        IGenerator generator, IJudge judge, IReadOnlyList<Prompt> prompts, int maxTokens, CancellationToken cancellationToken)
    {
        var answers = new List<PromptSamples>(prompts.Count);
        await generator.GenerateAsync(
            [.. prompts.Select(prompt => new GenerationRequest(prompt, [0]))],
            new SamplingOptions(Temperature: 0, MaxTokens: maxTokens),
            answers.Add,
            cancellationToken).ConfigureAwait(false);
        var scores = new List<(string Task, double Score)>(answers.Count);
        foreach (var answer in answers)
        {
            var verdict = await judge.JudgeAsync(answer, cancellationToken).ConfigureAwait(false);
            scores.AddRange(verdict.Judgements.Where(judgement => judgement.Score is not null)
                .Select(judgement => (answer.Prompt.Task ?? "other", judgement.Score!.Value)));
        }
        return [.. scores.GroupBy(score => score.Task).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new TaskAccuracy(group.Key, group.Count(score => score.Score >= 1), group.Count()))];
    }
}
