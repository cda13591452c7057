using System.Collections.Immutable;
using System.Text.Json;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Actors.Workers;

/// <summary>Trains a round's adapter. The trainer keeps checkpoints by round, so that a training that was cut short goes on.</summary>
internal sealed class TrainerWorker(WorkerContext context) : IWorker
{
    private readonly Lazy<ITrainer> _trainer = new(context.Engines.Trainer);

    public Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
        TrainAsync((TrainOrder)order, report, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<WorkResult> TrainAsync(TrainOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken)
    {
        var start = context.Time.GetTimestamp();
        var directory = PrepareDirectory(order.Id.Round);
        var checkpoint = new CheckpointArtifact(context.Store, directory, context.Time);
        if (order.Checkpoint is { } stored)
        {
            checkpoint.Restore(stored);
        }
        var request = RequestOf(order, directory);
        var metricsPath = Path.Combine(context.WorkPath, $"metrics-{order.Id.Round}.jsonl");
        TrainingResult result;
        try
        {
            result = await TrainingRun.RunAsync(_trainer.Value, request, metricsPath, context.Time, OnStep, cancellationToken);
        }
        catch (OperationCanceledException) when (order.Bundle is not null)
        {
            // The training has put its last step on the disk: another node goes on from there.
            Report(checkpoint.Store());
            throw;
        }
        var adapter = context.Store.PutFile(request.OutputPath);
        var history = context.Store.Put(stream => MetricsLog.Write(stream, result.History));
        return new TrainResult(
            order.Id,
            adapter,
            history,
            result.Steps,
            result.Metrics.ToImmutableSortedDictionary(),
            context.Time.GetElapsedTime(start).TotalSeconds);

        void OnStep(TrainingStep step)
        {
            report(ProgressOf(order.Id, step, start));
            if (order.Bundle is not null)
            {
                Report(checkpoint.StoreIfNew());
            }
        }

        void Report(Digest? stored)
        {
            if (stored is { } digest)
            {
                report(new CheckpointWork(order.Id, digest));
            }
        }
    }

    /// <summary>The round's own directory; those of other rounds are done with.</summary>
    private string PrepareDirectory(int round)
    {
        var directory = Path.Combine(context.WorkPath, $"round-{round}");
        Directory.CreateDirectory(directory);
        foreach (var other in Directory
                .EnumerateDirectories(context.WorkPath)
                .Where(path => Path.GetFileName(path) != Path.GetFileName(directory)))
        {
            Directory.Delete(other, recursive: true);
        }
        return directory;
    }

    private TrainingRequest RequestOf(TrainOrder order, string directory)
    {
        var options = context.Options;
        var training = options.Policy.TrainingOf(options.Training, order.Id.Round);
        return new TrainingRequest(
            options.ModelPath,
            PathOf(order.Initial),
            PathOf(order.Reference),
            PairsOf(order),
            training,
            SampleSeed.Derive(options.Seed, order.Id.Round, "training", 0),
            directory,
            Path.Combine(directory, "adapter.gguf"),
            new AdapterManifest(
                context.BaseModel, order.Parent, options.Name, order.Id.Round, JsonSerializer.Serialize(training)),
            SplitSeed: options.Seed);
    }

    /// <summary>Earlier pairs that were drawn come first, as the older ones do wherever there are several rounds'.</summary>
    private List<PreferencePair> PairsOf(TrainOrder order)
    {
        // The rounds before a fork may have kept ties, for a loss that learns from them; others would take them for wins.
        var ties = new Objective(context.Options.Training.Loss).UsesProbability;
        var own = Read(order.Pairs);
        if (order.Replay is not { } replay)
        {
            return own;
        }
        var earlier = Read(replay.Pairs);
        return
        [
            .. Replay.Draw(earlier.Count, own.Count, replay.Share, context.Options.Seed, order.Id.Round).Select(i => earlier[i]),
            .. own,
        ];

        List<PreferencePair> Read(ImmutableArray<Digest> files) =>
            [
                .. files
                    .SelectMany(pairs => PairFile.Read(context.Store.Verified(pairs)))
                    .Select(record => record.Pair)
                    .Where(pair => ties || pair.ChosenProbability != 0.5),
            ];
    }

    private string? PathOf(Digest? adapter) => adapter is { } digest ? context.Store.Verified(digest) : null;

    private WorkProgress ProgressOf(WorkId id, TrainingStep step, long start) => new(
        id, step.Step, step.Steps, 0, context.Time.GetElapsedTime(start).TotalSeconds, step.Metrics.ToImmutableSortedDictionary());
}
