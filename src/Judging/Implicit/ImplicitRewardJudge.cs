using System.Globalization;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Implicit;

/// <summary>
/// DPO's implicit reward (arXiv 2305.18290, eq. 5 without the term of the prompt alone): r(x, y) = β (log π(y|x) − log ref(y|x)) under two
/// checkpoints of one base, on the recorded token ids. Less α |y| it is the length-regularised reward of DICE (arXiv 2406.09760).
/// </summary>
public sealed class ImplicitRewardJudge : IJudge
{
    private readonly ImplicitRewardOptions _options;
    private readonly ISequenceScorer _scorer;
    private readonly BatchQueue<Request, double[]> _queue;
    private volatile string? _current;

    /// <param name="scorer">Belongs to the judge.</param>
    public ImplicitRewardJudge(ImplicitRewardOptions options, ISequenceScorer scorer)
    {
        (_options, _scorer) = (options, scorer);
        _queue = new(LogRatios);
    }

    private sealed record Request(PromptSamples Samples, string? Policy);

    public string Name => _options.Name;

    public bool ScoresSingleSamples => true;

    /// <exception cref="Artifacts.UserInputException">The base or an adapter is missing, damaged, or the adapter is another base's.</exception>
    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        _scorer.Check(_options.Files);
        return Task.CompletedTask;
    }

    public void UsePolicy(string? adapterPath) => _current = adapterPath;

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        if (samples.PromptIds.Length == 0)
        {
            throw new UserInputException(
                $"Prompt '{samples.Prompt.Id}': its samples are texts without token ids, and the implicit reward is of tokens; give samples of this model (./dpo generate --out FILE).");
        }
        var ratios = await _queue.AddAsync(new(samples, _options.Policy ?? _current), cancellationToken).ConfigureAwait(false);
        Judgement[] judgements = [.. samples.Samples.Zip(ratios, Judge)];
        return new(judgements, BradleyTerry.Compare(judgements, _options.TieMargin));
    }

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        _scorer.Dispose();
    }

    private Judgement Judge(Sample sample, double ratio)
    {
        var tokens = sample.TokenIds.Length;
        var reward = _options.Beta * (_options.LengthNormalised ? ratio / Math.Max(1, tokens) : ratio) - _options.LengthPenalty * tokens;
        return new(sample.Index, reward, string.Create(CultureInfo.InvariantCulture, $"log-ratio {ratio:G6} over {tokens} tokens"));
    }

    /// <summary>log π − log ref of each sample: [request][sample].</summary>
    private List<double[]> LogRatios(IReadOnlyList<Request> requests)
    {
        var ratios = new double[requests.Count][];
        foreach (var group in Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].Policy))
        {
            PromptSamples[] prompts = [.. group.Select(i => requests[i].Samples)];
            var policy = _scorer.LogProbs(prompts, group.Key);
            // The same checkpoint twice: every log-ratio is 0, to the bit.
            var reference = group.Key == _options.Reference ? policy : _scorer.LogProbs(prompts, _options.Reference);
            foreach (var (place, i) in group.Index())
            {
                ratios[i] = [.. policy[place].Zip(reference[place], (p, r) => p - r)];
            }
        }
        return [.. ratios];
    }
}
