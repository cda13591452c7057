using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Implicit;

/// <summary>Lets any number of callers use one base model: prompts that wait at the same time share its passes.</summary>
public sealed class SequenceScorerQueue : IAsyncDisposable
{
    private const int MostPrompts = 8;

    private readonly ISequenceScorer _scorer;
    private readonly BatchQueue<Request, double[]> _queue;

    /// <param name="scorer">Belongs to the queue.</param>
    public SequenceScorerQueue(ISequenceScorer scorer) =>
        (_scorer, _queue) = (scorer, new(LogRatios, MostPrompts, scorer.Load, request => (request.Policy, request.Reference)));

    private sealed record Request(PromptSamples Samples, string? Policy, string? Reference);

    public void Check(IEnumerable<string> adapterPaths) => _scorer.Check(adapterPaths);

    public Task LoadAsync(CancellationToken cancellationToken) => _queue.LoadAsync(cancellationToken);

    /// <summary>log π − log ref of each sample.</summary>
    /// <param name="policy">The adapter of π; null is the base.</param>
    public Task<double[]> LogRatiosAsync(PromptSamples samples, string? policy, string? reference, CancellationToken cancellationToken) =>
        _queue.AddAsync(new(samples, policy, reference), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        _scorer.Dispose();
    }

    /// <summary>Of requests with the same policy and the same reference.</summary>
    private void LogRatios(IReadOnlyList<Request> requests, Action<int, double[]> give, CancellationToken cancellationToken)
    {
        PromptSamples[] prompts = [.. requests.Select(request => request.Samples)];
        var (policyPath, referencePath) = (requests[0].Policy, requests[0].Reference);
        var policy = _scorer.LogProbs(prompts, policyPath, cancellationToken);
        // The same checkpoint twice: every log-ratio is 0, to the bit.
        var reference = policyPath == referencePath ? policy : _scorer.LogProbs(prompts, referencePath, cancellationToken);
        for (var i = 0; i < prompts.Length; i++)
        {
            give(i, [.. policy[i].Zip(reference[i], (p, r) => p - r)]);
        }
    }
}
