using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging;

/// <summary>Asks a judge for a verdict, in a time and so many times at most.</summary>
/// <param name="timeout">Most time for the samples of one prompt.</param>
/// <param name="retries">Further tries after a failure.</param>
public sealed class JudgeAttempts(IJudge judge, TimeSpan timeout, int retries, TimeProvider time)
{
    /// <returns>The verdict and how long the judge took for it, or how it failed the last time.</returns>
    /// <exception cref="UserInputException">The judge will fail on this however often it is asked.</exception>
    public async Task<(PromptVerdict Judged, TimeSpan Taken)> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
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

    private async Task<Verdict> JudgeInTimeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        // A judge that does not heed its token is left behind.
        return await judge.JudgeAsync(samples, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
    }
}
