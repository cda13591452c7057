using System.Globalization;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Curriculum;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Judging.People;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Selects a round's preference pairs among its judged samples and stores them with their provenance; it holds a prompt at a time and, for
/// a curriculum, the scores of all.
/// </summary>
/// <param name="judge">The identity of who judged the samples.</param>
/// <param name="people">Who may have judged since what the round before did not wait for; null is nobody.</param>
public sealed class RoundPairs(
    CampaignOptions options,
    ArtifactStore store,
    Digest baseModel,
    string judge,
    TimeProvider time,
    PeopleQueue? people = null) : IWorker
{
    public Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
        Task.FromResult<WorkResult>(Select((PairOrder)order));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public PairResult Select(PairOrder order)
    {
        var start = time.GetTimestamp();
        var seed = SampleSeed.Derive(options.Seed, order.Id.Round, "pairs", 0);
        var records = Records(order.Id.Round, order.Policy);
        var late = order.Late is null ? [] : SaidSince(order.Late).ToArray();
        PromptPairs[] latePairs = [.. PairSelector.Select(late, options.Pairs, seed)];
        var consistency = options.Pairs.Consistency ? ConsistencyOf(order) : null;
        var counts = new PairSelectionCounts();
        var scores = new List<(string PromptId, IReadOnlyList<double> Scores)>();
        var digest = store.Put(stream => PairFile.Write(
            stream,
            PairSelector.Select(order.Units.SelectMany(Read), options.Pairs, seed).SelectMany(prompt =>
            {
                counts += prompt.Selection.Counts;
                if (order.Statistics is not null)
                {
                    scores.Add((prompt.Samples.Prompt.Id, [.. UnitJudge.ScoresOf(prompt.Samples, prompt.Verdict)]));
                }
                return prompt.Selection.Pairs.Select(pair =>
                    records.Make(
                        options.Pairs.Consistency ? pair with { Probability = consistency ?? 1 } : pair,
                        prompt.Samples,
                        prompt.Verdict));
            }).Concat(order.Late is { } before ? LateRecords(before, latePairs) : [])));
        return new PairResult(
            order.Id,
            digest,
            counts.Pairs + latePairs.Sum(prompt => prompt.Selection.Pairs.Count),
            counts.Ties,
            counts.Dropped,
            time.GetElapsedTime(start).TotalSeconds,
            counts,
            order.Statistics is { } statistics ? StoreStatistics(statistics, order.Id.Round, scores) : null,
            counts.TiePairs + latePairs.Sum(prompt => prompt.Selection.Counts.TiePairs),
            consistency,
            options.Judging.Find(options.Judging.Judge) is HumanOptions { Wait: HumanWait.Next } ? StoreAwaiting(order) : null,
            late.Length == 0
                ? null
                : store.Put(stream =>
                    VerdictFile.Write(stream, late.Select(prompt => new PromptVerdict(prompt.Samples.Prompt.Id, prompt.Verdict)))));
    }

    private PairRecords Records(int round, Digest? policy) => new(judge, DescribeSampling(), baseModel, policy, round);

    /// <summary>They are of the round whose samples they are of, and have its ids.</summary>
    private IEnumerable<PairRecord> LateRecords(LateOrder late, PromptPairs[] prompts)
    {
        var records = Records(late.Round, late.Policy);
        return prompts.SelectMany(prompt =>
            prompt.Selection.Pairs.Select(pair => records.Make(pair, prompt.Samples, prompt.Verdict)));
    }

    /// <summary>What people have said of the round before: what they say after this counts for nothing but figures.</summary>
    private IEnumerable<(PromptSamples Samples, Verdict Verdict)> SaidSince(LateOrder order)
    {
        var prompts = SampleFile.Read(store.Verified(order.Samples));
        if (order.Said is not { } said)
        {
            return people is null ? [] : HumanJudge.Said(options.Judging.Judge, order.Round, prompts, people);
        }
        using var stream = store.OpenRead(said);
        var verdicts = VerdictFile.Read(stream, store.Verified(said)).ToDictionary(prompt => prompt.PromptId, prompt => prompt.Verdict!);
        return prompts
            .Where(prompt => verdicts.ContainsKey(prompt.Prompt.Id))
            .Select(prompt => (prompt, verdicts[prompt.Prompt.Id]));
    }

    /// <summary>The samples of prompts that people are asked about; null where there are none.</summary>
    private Digest? StoreAwaiting(PairOrder order)
    {
        PromptSamples[] awaiting =
        [
            .. order.Units.SelectMany(Read).Where(prompt => prompt.Verdict.AwaitsPeople).Select(prompt => prompt.Samples),
        ];
        return awaiting.Length == 0 ? null : store.Put(stream => SampleFile.Write(stream, awaiting));
    }

    /// <summary>The mean over the round's prompts; null where none is known, as before the first policy was trained.</summary>
    private double? ConsistencyOf(PairOrder order) => order.Units.SelectMany(unit =>
    {
        using var stream = store.OpenRead(unit.Verdicts);
        return VerdictFile.Read(stream, store.Verified(unit.Verdicts)).Select(prompt => prompt.Verdict?.Consistency).ToArray();
    }).Average();

    private Digest StoreStatistics(StatisticsOrder order, int round, IEnumerable<(string PromptId, IReadOnlyList<double> Scores)> scores)
    {
        var before = order.Previous is { } digest ? PromptStatisticsFile.Read(store.Verified(digest)) : [];
        var now = PromptStatistics.Update(before, round, scores, options.Evaluation.IsRight);
        return store.Put(stream => PromptStatisticsFile.Write(stream, now));
    }

    /// <summary>A unit's prompts, without those that the judge failed on, which were counted then.</summary>
    private IEnumerable<(PromptSamples Samples, Verdict Verdict)> Read(JudgedUnit unit)
    {
        using var stream = store.OpenRead(unit.Verdicts);
        foreach (var prompt in VerdictFile.ReadWith(store.Verified(unit.Samples), stream, store.Verified(unit.Verdicts)))
        {
            yield return prompt;
        }
    }

    /// <summary>By the names of the settings.</summary>
    private string DescribeSampling()
    {
        var sampling = options.Generation.Sampling;
        var stops = string.Join(", ", (sampling.StopStrings ?? []).Select(text => JsonSerializer.Serialize(text)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"temperature {sampling.Temperature}, top-k {sampling.TopK}, top-p {sampling.TopP}, min-p {sampling.MinP}, repetition-penalty {sampling.RepetitionPenalty}, "
                + $"max-tokens {sampling.MaxTokens}, stop-strings [{stops}]");
    }
}
