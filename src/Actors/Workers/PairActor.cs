using IterativeDpo.Actors.Protocol;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Workers;

/// <summary>Selects a round's preference pairs among its judged samples and stores them with their provenance.</summary>
public sealed class PairActor : WorkerActor
{
    private readonly WorkerContext _context;

    public PairActor(WorkerContext context) : base(WorkerRole.Pairer, context.Campaign)
    {
        _context = context;

        Do<PairOrder>((order, _) => Task.FromResult<WorkResult>(Select(order)));
    }

    private PairResult Select(PairOrder order)
    {
        var start = _context.Time.GetTimestamp();
        var prompts = order.Units.SelectMany(Read).ToDictionary(prompt => prompt.Samples.Prompt.Id);
        var seed = SampleSeed.Derive(_context.Options.Seed, order.Id.Round, "pairs", 0);
        var selection = PairSelector.Select(prompts.Values, _context.Options.Pairs, seed);
        var records = new PairRecords(
            _context.Options.Judging.Judge,
            DescribeSampling(),
            _context.BaseModel,
            order.Policy,
            order.Id.Round);
        var digest = _context.Store.Put(stream =>
            PairFile.Write(stream, selection.Pairs.Select(pair => records.Make(pair, prompts[pair.PromptId].Samples, prompts[pair.PromptId].Verdict))));
        return new PairResult(
            order.Id,
            digest,
            selection.Pairs.Count,
            selection.Counts.Ties,
            selection.Counts.Dropped,
            _context.Time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>A unit's prompts, without those that the judge failed on, which were counted then.</summary>
    private IEnumerable<(PromptSamples Samples, Verdict Verdict)> Read(JudgedUnit unit)
    {
        var path = _context.Store.PathOf(unit.Judgements);
        using var stream = _context.Store.OpenRead(unit.Judgements);
        var verdicts = VerdictFile.Read(stream, path).ToDictionary(prompt => prompt.PromptId, prompt => prompt.Verdict);
        foreach (var samples in SampleFile.Read(_context.Store.PathOf(unit.Samples)))
        {
            if (verdicts.GetValueOrDefault(samples.Prompt.Id) is { } verdict)
            {
                yield return (samples, verdict);
            }
        }
    }

    private string DescribeSampling() => _context.Options.Generation.Sampling.ToString();
}
