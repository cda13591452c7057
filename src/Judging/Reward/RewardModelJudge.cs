using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Reward;

/// <summary>Scores by a trained reward model: the score is its raw output, without bounds.</summary>
/// <param name="queue">The model, which other judges may use as well; it is not disposed of here.</param>
public sealed class RewardModelJudge(RewardModelOptions options, RewardModelQueue queue) : IJudge
{
    public string Name => options.Name;

    public bool ScoresSingleSamples => true;

    /// <exception cref="Artifacts.UserInputException">The model's file is missing, damaged, or has no head of one output.</exception>
    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        queue.Check();
        return Task.CompletedTask;
    }

    public Task LoadAsync(CancellationToken cancellationToken) => queue.LoadAsync(cancellationToken);

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        var (scores, tokens) = await queue.ScoreAsync(samples, cancellationToken).ConfigureAwait(false);
        Judgement[] judgements = [.. samples.Samples.Zip(scores, (sample, score) => Judge(samples.Prompt, sample, score))];
        return new(
            judgements, BradleyTerry.Compare(judgements, options.TieMargin), new JudgeUsage(Calls: scores.Length, InputTokens: tokens));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Judgement Judge(Prompt prompt, Sample sample, double score) => double.IsFinite(score)
        ? new(sample.Index, score, "reward")
        : throw new InvalidOperationException($"prompt '{prompt.Id}', sample {sample.Index}: the model's reward is {score}");
}
