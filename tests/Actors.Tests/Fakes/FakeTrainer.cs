using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>Takes two steps and writes an adapter that says which round made it, of what.</summary>
internal sealed class FakeTrainer(FakeLog log) : ITrainer
{
    /// <summary>Called before each step; may throw or wait.</summary>
    public Action<int, CancellationToken> BeforeStep { get; init; } = (_, _) => { };

    /// <summary>The loss of a step.</summary>
    public Func<int, double> Loss { get; init; } = step => 1d / step;

    public Task<TrainingResult> TrainAsync(TrainingRequest request, IProgress<TrainingStep>? progress, CancellationToken cancellationToken)
    {
        var history = new List<TrainingStep>();
        for (var step = 1; step <= 2; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BeforeStep(step, cancellationToken);
            history.Add(new TrainingStep(step, 2, new Dictionary<string, double> { ["loss"] = Loss(step) }));
            progress?.Report(history[^1]);
        }
        log.Add($"trained {request.Manifest.Round} on {request.Examples.Count} pairs");
        File.WriteAllText(request.OutputPath, $"adapter of round {request.Manifest.Round}");
        return Task.FromResult(new TrainingResult(2, new Dictionary<string, double> { ["loss"] = 0.75 }, history));
    }
}
