using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Judges stored samples, several prompts at once. Prompts that the judge keeps failing on go back to the campaign with the verdicts on
/// the others, for another worker to try; at the last attempt they are dropped and counted.
/// </summary>
public sealed class JudgeActor : WorkerActor
{
    /// <summary>Rounding in the weights of checks takes no right answer away.</summary>
    private const double ScoreRounding = 1e-9;

    private readonly WorkerContext _context;
    private readonly Dictionary<string, IJudge> _judges = [];

    public JudgeActor(WorkerContext context) : base(WorkerRole.Judge, context.Campaign)
    {
        _context = context;

        Do<JudgeOrder>(JudgeAsync);
    }

    protected override void PostStop()
    {
        base.PostStop();
        // Nothing waits for them: a judge that is still at work comes to rest by itself.
        foreach (var judge in _judges.Values)
        {
            _ = judge.DisposeAsync().AsTask();
        }
    }

    private async Task<WorkResult> JudgeAsync(JudgeOrder order, CancellationToken cancellationToken)
    {
        var start = _context.Time.GetTimestamp();
        PromptSamples[] prompts = [.. SampleFile.Read(_context.Store.PathOf(order.Samples))];
        var known = ReadKnown(order);
        var judge = JudgeOf(order.Id.Stage);
        judge.UsePolicy(order.Policy is { } policy ? _context.Store.PathOf(policy) : null);
        var judging = _context.Options.Judging;
        var attempts = new JudgeAttempts(judge, judging.Timeout, judging.Retries, _context.Time);
        var verdicts = new PromptVerdict[prompts.Length];
        var taken = new TimeSpan[prompts.Length];
        await Parallel.ForAsync(
            0,
            prompts.Length,
            new ParallelOptions { MaxDegreeOfParallelism = judging.Concurrency, CancellationToken = cancellationToken },
            async (i, token) => (verdicts[i], taken[i]) = known.GetValueOrDefault(prompts[i].Prompt.Id) is { } verdict
                ? (verdict, default)
                : await attempts.JudgeAsync(prompts[i], token));

        PromptVerdict[] failed = [.. verdicts.Where(prompt => prompt.Verdict is null)];
        if (failed.Length > 0 && failed.Length == verdicts.Length)
        {
            throw new InvalidOperationException($"the judge failed on every prompt of the unit: {failed[0].Failure}");
        }
        var digest = _context.Store.Put(stream => VerdictFile.Write(stream, verdicts));
        if (failed.Length > 0 && !order.IsLast)
        {
            throw new UnfinishedWorkException($"the judge failed on {failed.Length} of {verdicts.Length} prompts: {failed[0].Failure}", digest);
        }
        Verdict[] given = [.. verdicts.Select(prompt => prompt.Verdict).OfType<Verdict>()];
        return new JudgeResult(
            order.Id,
            digest,
            given.Sum(verdict => verdict.Judgements.Count(judgement => judgement.Score is null)),
            failed.Length,
            ScoresByTask(prompts, verdicts),
            _context.Time.GetElapsedTime(start).TotalSeconds,
            given.Select(verdict => verdict.Usage).OfType<JudgeUsage>().Aggregate((JudgeUsage?)null, (sum, usage) => sum is null ? usage : sum + usage),
            Latency.Of(taken.Where(time => time > TimeSpan.Zero).Select(time => time.TotalSeconds)));
    }

    private IJudge JudgeOf(Stage stage)
    {
        var name = stage == Stage.Grade ? _context.Options.Evaluation.Judge ?? _context.Options.Judging.Judge : _context.Options.Judging.Judge;
        return _judges.TryGetValue(name, out var judge) ? judge : _judges[name] = _context.Engines.Judge(name);
    }

    /// <summary>The verdicts of the attempt before, by prompt.</summary>
    private Dictionary<string, PromptVerdict> ReadKnown(JudgeOrder order)
    {
        if (order.Known is not { } digest)
        {
            return [];
        }
        using var stream = _context.Store.OpenRead(digest);
        return VerdictFile.Read(stream, _context.Store.PathOf(digest)).Where(prompt => prompt.Verdict is not null).ToDictionary(prompt => prompt.PromptId);
    }

    private ImmutableSortedDictionary<string, TaskScore> ScoresByTask(PromptSamples[] prompts, PromptVerdict[] verdicts) =>
        prompts.Zip(verdicts)
            .SelectMany(pair => pair.Second.Verdict?.Judgements ?? [], (pair, judgement) => (Task: pair.First.Prompt.Task ?? "all", judgement.Score))
            .Where(item => item.Score is not null)
            .GroupBy(item => item.Task)
            .ToImmutableSortedDictionary(
                task => task.Key,
                task => new TaskScore(task.Count(item => item.Score >= _context.Options.Evaluation.RightScore - ScoreRounding), task.Count()),
                StringComparer.Ordinal);
}
