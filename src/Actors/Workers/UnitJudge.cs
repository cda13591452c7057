using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Judges a unit of stored samples, several prompts at once. Prompts that the judge keeps failing on go back to the campaign with the
/// verdicts on the others, for another worker to try; at the last attempt they are dropped and counted.
/// </summary>
/// <param name="create">Makes the judge of this name.</param>
/// <param name="slots">As many as prompts are judged at once, where several judge units share them; null: as the options say.</param>
public sealed class UnitJudge(
    CampaignOptions options,
    ArtifactStore store,
    Func<string, IJudge> create,
    TimeProvider time,
    SemaphoreSlim? slots = null) : IWorker
{
    private readonly SemaphoreSlim _slots = slots ?? new(options.Judging.Concurrency);
    private readonly Dictionary<string, (IJudge Judge, JudgeAttempts Attempts)> _judges = [];

    /// <summary>Disposes of the judges that it has made, when the calls that were left behind have come to rest.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var (judge, attempts) in _judges.Values)
        {
            await attempts.RestAsync();
            await judge.DisposeAsync();
        }
    }

    public async Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
        await JudgeAsync((JudgeOrder)order, cancellationToken);

    /// <exception cref="UnfinishedWorkException">The judge failed on some of the prompts, and there is another attempt.</exception>
    /// <exception cref="InvalidOperationException">It failed on all of them.</exception>
    public async Task<JudgeResult> JudgeAsync(JudgeOrder order, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var prompts = SampleFile.Read(store.Verified(order.Samples)).Select(samples => new LabelledSamples(samples, null));
        var known = Read(order.Known);
        var (judge, attempts) = JudgeOf(order);
        judge.UsePolicy(order.Policy is { } policy ? store.Verified(policy) : null);
        judge.UseRound(order.Id.Stage == Stage.Judge ? order.Id.Round : null);
        judge.AskAnew(order.Id.Stage == Stage.Anchor ? order.Id.Round : 0);
        // All prompts of the unit are in memory in any case, and what waits for people keeps none from being shown.
        JudgedPrompt[] judged = await new JudgeRun(attempts, _slots, window: int.MaxValue)
            .JudgeAsync(prompts, samples => known.GetValueOrDefault(samples.Prompt.Id), keep: null, cancellationToken)
            .ToArrayAsync(cancellationToken);
        if (order.Before is { } before)
        {
            judge.UsePolicy(before.Policy is { } adapter ? store.Verified(adapter) : null);
            judged = await CompareAsync(judged, attempts, cancellationToken);
        }

        PromptVerdict[] verdicts = [.. judged.Select(prompt => prompt.Judged)];
        PromptVerdict[] failed = [.. verdicts.Where(prompt => prompt.Verdict is null)];
        if (failed.Length > 0 && failed.Length == verdicts.Length)
        {
            throw new InvalidOperationException($"the judge failed on every prompt of the unit: {failed[0].Failure}");
        }
        var digest = store.Put(stream => VerdictFile.Write(stream, verdicts));
        Verdict[] given = [.. verdicts.Select(prompt => prompt.Verdict).OfType<Verdict>()];
        double[] scores = [.. judged.SelectMany(prompt => ScoresOf(prompt.Prompt.Samples, prompt.Judged.Verdict))];
        var result = new JudgeResult(
            order.Id,
            digest,
            given.Sum(verdict => verdict.Judgements.Count(judgement => judgement.Score is null)),
            failed.Length,
            order.Id.Stage == Stage.Grade ? ScoresByTask(judged) : ImmutableSortedDictionary<string, TaskScore>.Empty,
            time.GetElapsedTime(start).TotalSeconds,
            JudgeUsage.Sum(given.Select(verdict => verdict.Usage)),
            Latency.Of(judged.Where(prompt => prompt.Taken > TimeSpan.Zero).Select(prompt => prompt.Taken.TotalSeconds)),
            order.Set is { } set ? ScoreOf(set, judged) : null,
            scores.Length == 0 ? null : scores.Average(),
            order.First is { } first ? WithFirst(first, judged) : null);
        return failed.Length > 0 && !order.IsLast
            ? throw new UnfinishedWorkException(
                $"the judge failed on {failed.Length} of {verdicts.Length} prompts: {failed[0].Failure}",
                result)
            : result;
    }

    /// <summary>
    /// The verdicts with how far those of the policy that is used now rank the samples alike; one that it fails on has failed.
    /// </summary>
    private async Task<JudgedPrompt[]> CompareAsync(JudgedPrompt[] judged, JudgeAttempts attempts, CancellationToken cancellationToken)
    {
        // Those of an attempt before are compared already.
        var again = judged.Where(prompt => prompt is { IsNew: true, Judged.Verdict: not null }).Select(prompt => prompt.Prompt);
        var others = await new JudgeRun(attempts, options.Judging.Concurrency).JudgeAsync(again, _ => null, keep: null, cancellationToken)
            .ToDictionaryAsync(prompt => prompt.Judged.PromptId, cancellationToken: cancellationToken);
        return [.. judged.Select(prompt => others.TryGetValue(prompt.Judged.PromptId, out var other)
            ? prompt with { Judged = Compare(prompt.Judged, other.Judged), Taken = prompt.Taken + other.Taken }
            : prompt)];

        static PromptVerdict Compare(PromptVerdict now, PromptVerdict before) => before.Verdict is not { } verdict ? before : now with
        {
            Verdict = now.Verdict! with
            {
                Usage = JudgeUsage.Sum([now.Verdict.Usage, verdict.Usage]),
                Consistency = RankConsistency.Of(now.Verdict.Judgements, verdict.Judgements),
            },
        };
    }

    /// <summary>The scores of the samples that are the policy's.</summary>
    internal static IEnumerable<double> ScoresOf(PromptSamples samples, Verdict? verdict)
    {
        var own = samples.OfPolicy.Select(sample => sample.Index).ToHashSet();
        return (verdict?.Judgements ?? [])
            .Where(judgement => own.Contains(judgement.SampleIndex))
            .Select(judgement => judgement.Score)
            .OfType<double>();
    }

    private Agreement? WithFirst(Digest first, JudgedPrompt[] judged)
    {
        var (standard, quality) = (Read(first), new JudgeQuality());
        foreach (var prompt in judged)
        {
            quality.Add(prompt.Prompt.Samples, prompt.Judged, standard.GetValueOrDefault(prompt.Judged.PromptId)?.Verdict);
        }
        return quality.Figures().Agreement;
    }

    private (IJudge Judge, JudgeAttempts Attempts) JudgeOf(JudgeOrder order)
    {
        var name = order.Id.Stage == Stage.Grade ? options.GraderOf(order.Set) : options.Judging.Judge;
        if (!_judges.TryGetValue(name, out var known))
        {
            var judge = create(name);
            _judges[name] = known = (judge, options.Judging.AttemptsOf(judge, time));
        }
        return known;
    }

    /// <summary>Stored verdicts by prompt; none for null.</summary>
    private Dictionary<string, PromptVerdict> Read(Digest? stored)
    {
        if (stored is not { } digest)
        {
            return [];
        }
        using var stream = store.OpenRead(digest);
        return VerdictFile
            .Read(stream, store.Verified(digest))
            .Where(prompt => prompt.Verdict is not null)
            .ToDictionary(prompt => prompt.PromptId);
    }

    private ImmutableSortedDictionary<string, TaskScore> ScoresByTask(JudgedPrompt[] prompts) =>
        prompts
            .SelectMany(
                prompt => prompt.Judged.Verdict?.Judgements ?? [],
                (prompt, judgement) => (Task: prompt.Prompt.Samples.Prompt.Task ?? "all", judgement.Score))
            .Where(item => item.Score is not null)
            .GroupBy(item => item.Task)
            .ToImmutableSortedDictionary(
                task => task.Key,
                task => new TaskScore(task.Count(item => options.Evaluation.IsRight(item.Score!.Value)), task.Count()),
                StringComparer.Ordinal);

    private SetScore ScoreOf(string set, JudgedPrompt[] prompts)
    {
        double[][] scores =
        [
            .. prompts.Select(prompt =>
                (prompt.Judged.Verdict?.Judgements ?? []).Select(judgement => judgement.Score).OfType<double>().ToArray()),
        ];
        int[] right = [.. scores.Select(answers => answers.Count(options.Evaluation.IsRight))];
        return new(
            set,
            new(right.Sum(), scores.Sum(answers => answers.Length)),
            scores.Count(answers => answers.Length > 0),
            right.Count(count => count > 0),
            options.GateOrDefault is { IsByPrompt: true } gate && gate.Set == set
                ? [.. scores.Zip(right, (answers, count) => answers.Length > 0 ? (byte)count : SetScore.NoVerdict)]
                : null);
    }
}
