using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Runs;

/// <param name="Known">Of those done, prompts whose verdict was there before.</param>
public readonly record struct LabelProgress(int Done, int Total, int Known, int Failed);

/// <summary>Judges a file's prompts and measures the verdicts.</summary>
/// <param name="concurrency">Prompts that are judged at once.</param>
/// <param name="log">Keeps the verdicts; null: nobody does.</param>
/// <param name="labels">What is right, by prompt; it goes before what the data says, and that before the prompts' own checks.</param>
/// <param name="checks">Runs these; null: they are no standard, as where the judge is the verifier.</param>
public sealed class LabelRun(
    JudgeAttempts attempts,
    int concurrency,
    VerdictLog? log,
    JudgeQuality quality,
    IReadOnlyDictionary<string, Verdict> labels,
    VerifierJudge? checks)
{
    /// <summary>How the judge failed on the first prompt that it failed on.</summary>
    public string? FirstFailure { get; private set; }

    /// <param name="total">Prompts in all.</param>
    public async Task<LabelProgress> RunAsync(
        IEnumerable<LabelledSamples> prompts, int total, IProgress<LabelProgress> progress, CancellationToken cancellationToken)
    {
        var done = new LabelProgress(0, total, 0, 0);
        try
        {
            var run = new JudgeRun(attempts, concurrency);
            await foreach (var (prompt, judged, isNew, taken) in run.JudgeAsync(
                    prompts,
                    samples => log?.Find(samples),
                    log is null ? null : log.Append,
                    cancellationToken))
            {
                var samples = prompt.Samples;
                quality.Add(samples, judged, labels.GetValueOrDefault(samples.Prompt.Id) ?? prompt.Label ?? checks?.StandardOf(samples));
                if (isNew && judged.Verdict is not null)
                {
                    quality.Add(Latency.None.With(taken.TotalSeconds));
                }
                FirstFailure ??= judged.Failure is { } failure ? $"prompt '{samples.Prompt.Id}': {failure}" : null;
                done = new(done.Done + 1, total, done.Known + (isNew ? 0 : 1), done.Failed + (judged.Verdict is null ? 1 : 0));
                progress.Report(done);
            }
            return done;
        }
        finally
        {
            await attempts.RestAsync();
        }
    }
}
