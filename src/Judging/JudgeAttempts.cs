using System.Collections.Concurrent;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Judging;

/// <summary>Asks a judge for a verdict, in a time and so many times at most.</summary>
/// <param name="timeout">Most time for the samples of one prompt.</param>
/// <param name="retries">Further tries after a failure.</param>
/// <param name="seeThoughts">Whether the judge sees what was thought before an answer.</param>
public sealed class JudgeAttempts(IJudge judge, TimeSpan timeout, int retries, TimeProvider time, bool seeThoughts = false)
{
    private readonly ConcurrentDictionary<Task, bool> _leftBehind = [];

    /// <returns>The verdict and how long the judge took for it, or how it failed the last time.</returns>
    /// <remarks>What the judge loads does not count as a prompt's time.</remarks>
    /// <exception cref="UserInputException">The judge will fail on this however often it is asked.</exception>
    public async Task<(PromptVerdict Judged, TimeSpan Taken)> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        await judge.LoadAsync(cancellationToken).ConfigureAwait(false);
        samples = seeThoughts ? samples : samples.WithoutThoughts();
        var failure = "";
        for (var attempt = 0; attempt <= retries; attempt++)
        {
            var start = time.GetTimestamp();
            try
            {
                var verdict = await JudgeInTimeAsync(samples, cancellationToken).ConfigureAwait(false);
                return (new PromptVerdict(samples.Prompt.Id, verdict), time.GetElapsedTime(start));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                failure = $"no verdict within {timeout} (judging.timeout)";
            }
            catch (Exception e) when (e is not (UserInputException or OperationCanceledException))
            {
                failure = e.Message;
            }
        }
        return (new PromptVerdict(samples.Prompt.Id, null, failure), default);
    }

    /// <summary>Waits for the calls that nobody waits for any more; after it the judge may be disposed of.</summary>
    public Task RestAsync() =>
        Task.WhenAll(_leftBehind.Keys).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private async Task<Verdict> JudgeInTimeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        await using var patience = JudgingTurn.Left.Register(() => deadline.CancelAfter(Timeout.InfiniteTimeSpan)).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var call = judge.JudgeAsync(samples, either.Token);
        try
        {
            return await call.WaitAsync(either.Token).ConfigureAwait(false);
        }
        finally
        {
            // A judge that does not heed its token is left behind.
            if (!call.IsCompleted)
            {
                _leftBehind[call] = true;
                _ = call.ContinueWith(
                    done => _leftBehind.TryRemove(done, out _),
                    CancellationToken.None,
                    TaskContinuationOptions.None,
                    TaskScheduler.Default);
            }
        }
    }
}
