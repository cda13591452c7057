using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Reward;

/// <summary>Lets any number of callers use one reward model: prompts that wait at the same time share its batches.</summary>
public sealed class RewardModelQueue : IAsyncDisposable
{
    private const int MostPrompts = 32;

    private readonly IRewardModel _model;
    private readonly BatchQueue<PromptSamples, (double[] Scores, long Tokens)> _queue;

    /// <param name="model">Belongs to the queue.</param>
    public RewardModelQueue(IRewardModel model) => (_model, _queue) = (model, new(Score, MostPrompts, model.Load));

    public void Check() => _model.Check();

    public Task LoadAsync(CancellationToken cancellationToken) => _queue.LoadAsync(cancellationToken);

    /// <returns>The raw reward of each sample, and the tokens read for all of them.</returns>
    public Task<(double[] Scores, long Tokens)> ScoreAsync(PromptSamples samples, CancellationToken cancellationToken) =>
        _queue.AddAsync(samples, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        _model.Dispose();
    }

    private void Score(IReadOnlyList<PromptSamples> prompts, Action<int, (double[], long)> give, CancellationToken cancellationToken)
    {
        int[][][] sequences =
        [
            .. prompts.Select(prompt => prompt.Samples.Select(sample => _model.Encode(prompt.Prompt, sample)).ToArray()),
        ];
        (int Prompt, int Sample)[] places = [.. sequences.SelectMany((samples, i) => samples.Select((_, j) => (i, j)))];
        double[][] scores = [.. sequences.Select(samples => new double[samples.Length])];
        _model.Score(
            [.. sequences.SelectMany(samples => samples)],
            (place, score) =>
            {
                var (i, j) = places[place];
                scores[i][j] = score;
                if (j == scores[i].Length - 1)
                {
                    give(i, (scores[i], sequences[i].Sum(ids => (long)ids.Length)));
                }
            },
            cancellationToken);
    }
}
