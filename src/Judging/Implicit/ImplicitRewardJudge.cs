using System.Globalization;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Implicit;

/// <summary>
/// DPO's implicit reward (arXiv 2305.18290, eq. 5 without the term of the prompt alone): r(x, y) = β (log π(y|x) − log ref(y|x)) under two
/// checkpoints of one base, on the recorded token ids. Less α |y| it is the length-regularised reward of DICE (arXiv 2406.09760).
/// </summary>
/// <param name="queue">The base model, which other judges may use as well; it is not disposed of here.</param>
public sealed class ImplicitRewardJudge(ImplicitRewardOptions options, SequenceScorerQueue queue) : IJudge
{
    private volatile string? _current;

    public string Name => options.Name;

    public bool ScoresSingleSamples => true;

    /// <exception cref="Artifacts.UserInputException">The base or an adapter is missing, damaged, or the adapter is another
    /// base's.</exception>
    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        queue.Check(options.Files);
        return Task.CompletedTask;
    }

    public Task LoadAsync(CancellationToken cancellationToken) => queue.LoadAsync(cancellationToken);

    public void UsePolicy(string? adapterPath) => _current = adapterPath;

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        if (samples.PromptIds.Length == 0)
        {
            throw new UserInputException(
                $"Prompt '{samples.Prompt.Id}': its samples are texts without token ids, and the implicit reward is of tokens; give samples of this model (./dpo generate --out FILE).");
        }
        var ratios = await queue
            .LogRatiosAsync(samples, options.Policy ?? _current, options.Reference, cancellationToken)
            .ConfigureAwait(false);
        Judgement[] judgements = [.. samples.Samples.Zip(ratios, Judge)];
        return new(judgements, BradleyTerry.Compare(judgements, options.TieMargin));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Judgement Judge(Sample sample, double ratio)
    {
        var tokens = sample.TokenIds.Length;
        var reward = options.Beta * (options.LengthNormalised ? ratio / Math.Max(1, tokens) : ratio) - options.LengthPenalty * tokens;
        return new(sample.Index, reward, string.Create(CultureInfo.InvariantCulture, $"log-ratio {ratio:G6} over {tokens} tokens"));
    }
}
