using System.Runtime.CompilerServices;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Runs;

/// <summary>A prompt and what a judge made of it.</summary>
/// <param name="IsNew">Whether it was judged now; else its verdict was there before.</param>
/// <param name="Taken">How long the judge took for a new verdict; zero where there is none.</param>
public sealed record JudgedPrompt(LabelledSamples Prompt, PromptVerdict Judged, bool IsNew, TimeSpan Taken);

/// <summary>
/// Judges many prompts as they are read, several at once, each in its time and with its tries; one that the judge fails on to the end has a
/// failure for a verdict. It holds no more prompts than are under way.
/// </summary>
/// <param name="slots">As many as prompts are judged at once, those that wait for people aside; others may share them.</param>
/// <param name="window">Prompts that are begun before the first of them is judged.</param>
public sealed class JudgeRun(JudgeAttempts attempts, SemaphoreSlim slots, int window)
{
    // More than are judged at once: a slow one does not keep the others waiting.
    private const int WindowPerSlot = 16;

    /// <param name="concurrency">Prompts that are judged at once.</param>
    public JudgeRun(JudgeAttempts attempts, int concurrency) : this(attempts, new SemaphoreSlim(concurrency), WindowPerSlot * concurrency)
    {
    }

    /// <param name="known">Gives the verdict that there is on a prompt's samples, or null: only then the judge is asked.</param>
    /// <param name="keep">Takes each new verdict, after an interruption or a fault also of prompts that are not given any more.</param>
    /// <returns>In the prompts' order.</returns>
    /// <exception cref="UserInputException">The judge will fail however often it is asked; none is begun after it.</exception>
    public async IAsyncEnumerable<JudgedPrompt> JudgeAsync(
        IEnumerable<LabelledSamples> prompts,
        Func<PromptSamples, PromptVerdict?> known,
        Action<PromptSamples, PromptVerdict>? keep,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var underWay = new Queue<Task<JudgedPrompt>>();
        Exception? fault = null;
        try
        {
            foreach (var prompt in prompts)
            {
                if (underWay.Count == window)
                {
                    yield return await TakeAsync();
                }
                underWay.Enqueue(Begin(prompt));
            }
            while (underWay.Count > 0)
            {
                yield return await TakeAsync();
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var task in underWay)
            {
                await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (task.IsCompletedSuccessfully)
                {
                    Keep(task.Result);
                }
            }
        }

        Task<JudgedPrompt> Begin(LabelledSamples prompt) => known(prompt.Samples) is { } verdict
            ? Task.FromResult(new JudgedPrompt(prompt, verdict, IsNew: false, TimeSpan.Zero))
            : AskAsync(prompt);

        async Task<JudgedPrompt> AskAsync(LabelledSamples prompt)
        {
            // Slots go by turns, so that prompts are judged in their order too.
            await slots.WaitAsync(stop.Token).ConfigureAwait(false);
            var turn = JudgingTurn.Begin();
            await using var place = turn.Token.Register(() => slots.Release()).ConfigureAwait(false);
            try
            {
                var (judged, taken) = await Task.Run(() => attempts.JudgeAsync(prompt.Samples, stop.Token), stop.Token);
                return new JudgedPrompt(prompt, judged, IsNew: true, taken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                fault ??= e;
                await stop.CancelAsync();
                throw;
            }
            finally
            {
                await turn.CancelAsync();
            }
        }

        async Task<JudgedPrompt> TakeAsync()
        {
            try
            {
                var judged = await underWay.Dequeue();
                Keep(judged);
                return judged;
            }
            catch (OperationCanceledException) when (fault is not null)
            {
                throw fault;
            }
        }

        void Keep(JudgedPrompt judged)
        {
            if (judged.IsNew && judged.Judged.Verdict is not null)
            {
                keep?.Invoke(judged.Prompt.Samples, judged.Judged);
            }
        }
    }
}
