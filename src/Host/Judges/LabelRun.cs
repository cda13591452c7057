using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Judges;

/// <param name="Known">Of those done, prompts whose verdict was there before.</param>
internal readonly record struct LabelProgress(int Done, int Total, int Known, int Failed);

/// <summary>Judges prompts as they are read, several at once, and measures the verdicts; it holds no more prompts than are under way.</summary>
/// <param name="log">Keeps the verdicts; null: nobody does.</param>
/// <param name="labels">What is right, by prompt; it goes before what the data says, and that before the prompts' own checks.</param>
/// <param name="isVerifier">Whether the judge is the verifier, which is not measured by itself.</param>
internal sealed class LabelRun(
    IJudge judge, JudgingOptions options, VerdictLog? log, JudgeQuality quality, IReadOnlyDictionary<string, Verdict> labels, bool isVerifier, TimeProvider time) : IDisposable
{
    private const int WindowPerSlot = 4;

    private readonly JudgeAttempts _attempts = new(judge, options.Timeout, options.Retries, time);
    private readonly VerifierJudge _verifier = new(options.DefaultChecks);
    private readonly SemaphoreSlim _slots = new(options.Concurrency);
    private LabelProgress _progress;

    /// <summary>How the judge failed on the first prompt that it failed on.</summary>
    public string? FirstFailure { get; private set; }

    public void Dispose() => _slots.Dispose();

    /// <param name="total">Prompts in all.</param>
    public async Task<LabelProgress> RunAsync(
        IEnumerable<LabelledSamples> prompts, int total, IProgress<LabelProgress> progress, CancellationToken cancellationToken)
    {
        _progress = new(0, total, 0, 0);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var underWay = new Queue<Task<Outcome>>();
        try
        {
            foreach (var prompt in prompts)
            {
                // More than are judged at once: a slow one does not keep the others waiting.
                if (underWay.Count == WindowPerSlot * options.Concurrency)
                {
                    await TakeAsync(underWay, progress);
                }
                underWay.Enqueue(Begin(prompt, stop.Token));
            }
            while (underWay.Count > 0)
            {
                await TakeAsync(underWay, progress);
            }
            return _progress;
        }
        finally
        {
            await stop.CancelAsync();
            await KeepAsync(underWay);
            await _attempts.RestAsync();
        }
    }

    private Task<Outcome> Begin(LabelledSamples prompt, CancellationToken cancellationToken) => log?.Find(prompt.Samples) is { } known
        ? Task.FromResult(new Outcome(prompt, known, null))
        : Task.Run(() => JudgeAsync(prompt, cancellationToken), cancellationToken);

    private async Task<Outcome> JudgeAsync(LabelledSamples prompt, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            var (judged, taken) = await _attempts.JudgeAsync(prompt.Samples, cancellationToken);
            return new Outcome(prompt, judged, taken);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task TakeAsync(Queue<Task<Outcome>> underWay, IProgress<LabelProgress> progress)
    {
        var (prompt, judged, taken) = await underWay.Dequeue();
        Keep(prompt.Samples, judged, taken);
        quality.Add(prompt.Samples, judged, await StandardAsync(prompt));
        if (taken is { } time && judged.Verdict is not null)
        {
            quality.Add(Latency.None.With(time.TotalSeconds));
        }
        FirstFailure ??= judged.Failure is { } failure ? $"prompt '{prompt.Samples.Prompt.Id}': {failure}" : null;
        _progress = new(
            _progress.Done + 1, _progress.Total, _progress.Known + (taken is null ? 1 : 0), _progress.Failed + (judged.Verdict is null ? 1 : 0));
        progress.Report(_progress);
    }

    /// <summary>After an interruption: what was judged meanwhile is not judged again.</summary>
    private async Task KeepAsync(IEnumerable<Task<Outcome>> underWay)
    {
        foreach (var task in underWay)
        {
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (task.IsCompletedSuccessfully)
            {
                var (prompt, judged, taken) = task.Result;
                Keep(prompt.Samples, judged, taken);
            }
        }
    }

    private void Keep(PromptSamples samples, PromptVerdict judged, TimeSpan? taken)
    {
        if (taken is not null && judged.Verdict is not null)
        {
            log?.Append(samples, judged);
        }
    }

    private async Task<Verdict?> StandardAsync(LabelledSamples prompt) =>
        labels.GetValueOrDefault(prompt.Samples.Prompt.Id) ?? prompt.Label
        ?? (isVerifier || !_verifier.CanJudge(prompt.Samples.Prompt)
            ? null
            : (await new JudgeAttempts(_verifier, options.Timeout, retries: 0, time).JudgeAsync(prompt.Samples, CancellationToken.None)).Judged.Verdict);

    /// <param name="Taken">Null where the verdict was there before.</param>
    private sealed record Outcome(LabelledSamples Prompt, PromptVerdict Judged, TimeSpan? Taken);
}
