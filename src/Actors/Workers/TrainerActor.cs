using System.Collections.Immutable;
using System.Text.Json;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Workers;

/// <summary>Trains a round's adapter. The trainer keeps checkpoints by round, so that a training that was cut short goes on.</summary>
public sealed class TrainerActor : WorkerActor
{
    private readonly WorkerContext _context;
    private readonly Lazy<ITrainer> _trainer;
    private readonly Action<WorkProgress> _report;

    public TrainerActor(WorkerContext context) : base(WorkerRole.Trainer, context.Campaign)
    {
        _context = context;
        _trainer = new Lazy<ITrainer>(context.Engines.Trainer);
        _report = ReportProgress();

        Do<TrainOrder>(TrainAsync);
    }

    private async Task<WorkResult> TrainAsync(TrainOrder order, CancellationToken cancellationToken)
    {
        var start = _context.Time.GetTimestamp();
        var directory = PrepareDirectory(order.Id.Round);
        var request = RequestOf(order, directory);
        var metricsPath = Path.Combine(_context.WorkPath, $"metrics-{order.Id.Round}.jsonl");
        var result = await TrainingRun.RunAsync(
            _trainer.Value, request, metricsPath, _context.Time, step => _report(ProgressOf(order.Id, step, start)), cancellationToken);
        var adapter = _context.Store.PutFile(request.OutputPath);
        var history = _context.Store.Put(stream => MetricsLog.Write(stream, result.History));
        return new TrainResult(
            order.Id,
            adapter,
            history,
            result.Steps,
            result.Metrics.ToImmutableSortedDictionary(),
            _context.Time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>The round's own directory; those of other rounds are done with.</summary>
    private string PrepareDirectory(int round)
    {
        var directory = Path.Combine(_context.WorkPath, $"round-{round}");
        Directory.CreateDirectory(directory);
        foreach (var other in Directory.EnumerateDirectories(_context.WorkPath).Where(path => Path.GetFileName(path) != Path.GetFileName(directory)))
        {
            Directory.Delete(other, recursive: true);
        }
        return directory;
    }

    private TrainingRequest RequestOf(TrainOrder order, string directory)
    {
        var options = _context.Options;
        return new TrainingRequest(
            options.ModelPath,
            PathOf(order.Initial),
            PathOf(order.Reference),
            PairsOf(order),
            options.Training,
            SampleSeed.Derive(options.Seed, order.Id.Round, "training", 0),
            directory,
            Path.Combine(directory, "adapter.gguf"),
            new AdapterManifest(
                _context.BaseModel, order.Parent, options.Name, order.Id.Round, JsonSerializer.Serialize(options.Training)),
            SplitSeed: options.Seed);
    }

    /// <summary>Earlier pairs that were drawn come first, as the older ones do wherever there are several rounds'.</summary>
    private List<PreferencePair> PairsOf(TrainOrder order)
    {
        var own = Read(order.Pairs);
        if (order.Replay is not { } replay)
        {
            return own;
        }
        var earlier = Read(replay.Pairs);
        return [.. Replay.Draw(earlier.Count, own.Count, replay.Share, _context.Options.Seed, order.Id.Round).Select(i => earlier[i]), .. own];

        List<PreferencePair> Read(ImmutableArray<Digest> files) =>
            [.. files.SelectMany(pairs => PairFile.Read(_context.Store.Verified(pairs))).Select(record => record.Pair)];
    }

    private string? PathOf(Digest? adapter) => adapter is { } digest ? _context.Store.Verified(digest) : null;

    private WorkProgress ProgressOf(WorkId id, TrainingStep step, long start) => new(
        id, step.Step, step.Steps, 0, _context.Time.GetElapsedTime(start).TotalSeconds, step.Metrics.ToImmutableSortedDictionary());
}
