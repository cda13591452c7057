using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Reward;

/// <summary>
/// Scores by a trained reward model: the score is its raw output, without bounds. Prompts that are judged at the same time share the
/// model's batches.
/// </summary>
public sealed class RewardModelJudge : IJudge
{
    private readonly RewardModelOptions _options;
    private readonly IRewardModel _model;
    private readonly BatchQueue<int[][], double[]> _queue;

    /// <param name="model">Belongs to the judge.</param>
    public RewardModelJudge(RewardModelOptions options, IRewardModel model)
    {
        (_options, _model) = (options, model);
        _queue = new(Score);
    }

    public string Name => _options.Name;

    public bool ScoresSingleSamples => true;

    /// <exception cref="Artifacts.UserInputException">The model's file is missing, damaged, or has no head of one output.</exception>
    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        _model.Check();
        return Task.CompletedTask;
    }

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        // The first call loads the model.
        var sequences = await Task.Run(() => samples.Samples.Select(sample => _model.Encode(samples.Prompt, sample.Text)).ToArray(), cancellationToken)
            .ConfigureAwait(false);
        var scores = await _queue.AddAsync(sequences, cancellationToken).ConfigureAwait(false);
        Judgement[] judgements = [.. samples.Samples.Zip(scores, (sample, score) => Judge(samples.Prompt, sample, score))];
        return new(
            judgements,
            BradleyTerry.Compare(judgements, _options.TieMargin),
            new JudgeUsage(Calls: sequences.Length, InputTokens: sequences.Sum(ids => (long)ids.Length)));
    }

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        _model.Dispose();
    }

    private static Judgement Judge(Prompt prompt, Sample sample, double score) => double.IsFinite(score)
        ? new(sample.Index, score, "reward")
        : throw new InvalidOperationException($"prompt '{prompt.Id}', sample {sample.Index}: the model's reward is {score}");

    private double[][] Score(IReadOnlyList<int[][]> prompts)
    {
        var scores = new Queue<double>(_model.Score([.. prompts.SelectMany(sequences => sequences)]));
        return [.. prompts.Select(sequences => Array.ConvertAll(sequences, _ => scores.Dequeue()))];
    }
}
