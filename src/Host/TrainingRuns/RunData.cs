using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;
using IterativeDpo.Training.Data;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>The examples of a run: its own data, and as much of the earlier data as <c>policy.data</c> says.</summary>
internal sealed class RunData : IDisposable
{
    private readonly TrainingData _own;
    private readonly TrainingData? _earlier;

    private RunData(TrainingData own, TrainingData? earlier, IReadOnlyList<ITrainingExample> examples) =>
        (_own, _earlier, Examples) = (own, earlier, examples);

    public IReadOnlyList<ITrainingExample> Examples { get; }

    /// <summary>What became of the rows of the run's own data.</summary>
    public RowSummary Rows => _own.Rows;

    public static async Task<RunData> OpenAsync(
        TrainingConfiguration configuration, TrainingInputs inputs, RunDirectory directory, CancellationToken cancellationToken)
    {
        var objective = new Objective(configuration.Options.Loss);
        var options = new DataOptions(
            configuration.Options.MaxLength,
            objective.Unpaired,
            inputs.SkipBadRows,
            configuration.Options.Threads,
            objective.UsesProbability);
        using var tokenizer = LlamaTextTokenizer.Load(inputs.Model, configuration.ChatTemplate);
        Task<TrainingData> Open(IReadOnlyList<string> paths) => StepProgress.RunAsync<DataProgress, TrainingData>(
            "reading data",
            DataView.Of,
            progress =>
                Task.Run(
                    () => TrainingData.Open(paths, tokenizer, options, directory.Work, progress, cancellationToken),
                    cancellationToken));

        var own = await Open(inputs.Data);
        var earlier = inputs.Earlier.Count == 0 ? null : await Open(inputs.Earlier);
        directory.ListRejected(own.Rows, earlier?.Rows);
        return new(own, earlier, earlier is null ? own.Examples : Mix(configuration, earlier.Examples, own.Examples));
    }

    public void Dispose()
    {
        _own.Dispose();
        _earlier?.Dispose();
    }

    private static ExampleMix Mix(
        TrainingConfiguration configuration,
        IReadOnlyList<ITrainingExample> earlier,
        IReadOnlyList<ITrainingExample> own)
    {
        var drawn = configuration.Policy.Data == PairData.Replay
            ? Replay.Draw(earlier.Count, own.Count, configuration.Policy.ReplayShare, configuration.Seed, round: 0)
            : [.. Enumerable.Range(0, earlier.Count)];
        return new(earlier, drawn, own);
    }
}
