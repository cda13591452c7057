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
        var seed = SampleSeed.Derive(_context.Options.Seed, order.Id.Round, "pairs", 0);
        var records = new PairRecords(
            _context.Options.Judging.Judge,
            DescribeSampling(),
            _context.BaseModel,
            order.Policy,
            order.Id.Round);
        var counts = new PairSelectionCounts();
        var digest = _context.Store.Put(stream => PairFile.Write(
            stream,
            PairSelector.Select(order.Units.SelectMany(Read), _context.Options.Pairs, seed).SelectMany(prompt =>
            {
                counts += prompt.Selection.Counts;
                return prompt.Selection.Pairs.Select(pair => records.Make(pair, prompt.Samples, prompt.Verdict));
            })));
        return new PairResult(
            order.Id,
            digest,
            counts.Pairs,
            counts.Ties,
            counts.Dropped,
            _context.Time.GetElapsedTime(start).TotalSeconds,
            counts);
    }

    /// <summary>A unit's prompts, without those that the judge failed on, which were counted then.</summary>
    private IEnumerable<(PromptSamples Samples, Verdict Verdict)> Read(JudgedUnit unit)
    {
        using var stream = _context.Store.OpenRead(unit.Judgements);
        foreach (var prompt in VerdictFile.ReadWith(_context.Store.PathOf(unit.Samples), stream, _context.Store.PathOf(unit.Judgements)))
        {
            yield return prompt;
        }
    }

    private string DescribeSampling() => _context.Options.Generation.Sampling.ToString();
}
