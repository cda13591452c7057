using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Generation;
using IterativeDpo.Judging;

namespace IterativeDpo.Actors.Workers;

/// <summary>Judges stored samples, prompt by prompt. A prompt on which the judge keeps failing is dropped and counted.</summary>
public sealed class JudgeActor : WorkerActor
{
    /// <summary>A sample that passes every check, up to rounding in the weights, is right.</summary>
    private const double RightScore = 1 - 1e-9;

    private readonly WorkerContext _context;
    private readonly Lazy<IJudge> _judge;

    public JudgeActor(WorkerContext context) : base(WorkerRole.Judge, context.Campaign)
    {
        _context = context;
        _judge = new Lazy<IJudge>(context.Engines.Judge);

        Do<JudgeOrder>(JudgeAsync);
    }

    private async Task<WorkResult> JudgeAsync(JudgeOrder order, CancellationToken cancellationToken)
    {
        var start = _context.Time.GetTimestamp();
        var judged = new List<(PromptSamples Samples, IReadOnlyList<Judgement> Judgements)>();
        Exception? failure = null;
        var dropped = 0;
        foreach (var samples in SampleFile.Read(_context.Store.PathOf(order.Samples)))
        {
            var (judgements, error) = await TryJudgeAsync(samples, cancellationToken);
            failure = error ?? failure;
            dropped += judgements is null ? 1 : 0;
            judged.Add((samples, judgements ?? []));
        }
        if (failure is not null && dropped == judged.Count)
        {
            throw new InvalidOperationException($"the judge failed on every prompt of the unit: {failure.Message}", failure);
        }
        var digest = _context.Store.Put(stream => JudgementFile.Write(
            stream, judged.Select(prompt => new PromptJudgements(prompt.Samples.Prompt.Id, prompt.Judgements))));
        return new JudgeResult(
            order.Id,
            digest,
            judged.Sum(prompt => prompt.Judgements.Count(judgement => judgement.Score is null)),
            dropped,
            ScoresByTask(judged),
            _context.Time.GetElapsedTime(start).TotalSeconds);
    }

    private async Task<(IReadOnlyList<Judgement>? Judgements, Exception? Error)> TryJudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        Exception? error = null;
        for (var attempt = 0; attempt <= _context.Options.Judging.Retries; attempt++)
        {
            try
            {
                return (await JudgeInTimeAsync(samples, cancellationToken), null);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                error = e;
            }
        }
        return (null, error);
    }

    private async Task<IReadOnlyList<Judgement>> JudgeInTimeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_context.Options.Judging.Timeout, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        // A judge that does not heed its token is left behind.
        return await _judge.Value.JudgeAsync(samples, either.Token).WaitAsync(either.Token);
    }

    private static ImmutableSortedDictionary<string, TaskScore> ScoresByTask(
        IEnumerable<(PromptSamples Samples, IReadOnlyList<Judgement> Judgements)> judged) =>
        judged
            .SelectMany(prompt => prompt.Judgements, (prompt, judgement) => (Task: prompt.Samples.Prompt.Task ?? "all", judgement.Score))
            .Where(item => item.Score is not null)
            .GroupBy(item => item.Task)
            .ToImmutableSortedDictionary(
                task => task.Key,
                task => new TaskScore(task.Count(item => item.Score >= RightScore), task.Count()),
                StringComparer.Ordinal);
}
