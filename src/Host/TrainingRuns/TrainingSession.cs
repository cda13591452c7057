using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>A training run on its own, from its files to its report.</summary>
/// <param name="models">Makes sure that the engines agree on the model; null: nobody does.</param>
internal sealed class TrainingSession(TrainingConfiguration configuration, TrainingInputs inputs, CheckedModels? models)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Where TensorBoard's events go; null is nowhere.</summary>
    public string? TensorBoard { get; init; }

    /// <exception cref="UserInputException">A file is missing or wrong, or the settings contradict each other.</exception>
    public async Task<TrainingOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        inputs.Check(configuration.Policy, full: configuration.Options.Lora is null);
        var model = GgufFile.DigestOf(inputs.Model);
        var settings = Settings(model);
        using var directory = RunDirectory.Open(inputs.Output, settings);
        models?.Require(inputs.Model, model);
        using var data = await RunData.OpenAsync(configuration, inputs, directory, cancellationToken);
        var request = Request(directory, model, data.Examples);
        SayMemory(request);
        using var tensorBoard = TensorBoard is null ? null : new TensorBoardLog(TensorBoard, TimeProvider.System);
        var history = await TrainAsync(request, directory, tensorBoard, cancellationToken);
        if (configuration.Policy.Reference == ReferenceOrigin.Ema)
        {
            WriteAverage(request, directory.Path("average.gguf"));
        }
        var outcome = new TrainingOutcome(
            inputs.Model,
            inputs.Data,
            Losses(),
            request.OutputPath,
            Digest.OfFile(request.OutputPath).Hex,
            data.Rows.Rows,
            DataView.Problems(data.Rows),
            data.Examples.Count, history.Steps, TimeProvider.System.GetElapsedTime(start).TotalSeconds, history.Metrics);
        TrainingReport.Write(directory.Path("report.html"), outcome, MetricsLog.Read(directory.Path(RunDirectory.MetricsFile)), settings);
        return outcome;
    }

    private static void SayMemory(TrainingRequest request)
    {
        using var file = GgufFile.Open(request.BaseModelPath);
        var estimate = MemoryEstimate.Of(file, request.Options, request.Examples);
        Console.Error.WriteLine(
            $"dpo: memory: about {MemoryEstimate.Format(estimate.Total)} of {MemoryEstimate.Format(MemoryEstimate.AvailableBytes)} available ({estimate})");
    }

    private static Task<TrainingResult> TrainAsync(
        TrainingRequest request,
        RunDirectory directory,
        TensorBoardLog? tensorBoard,
        CancellationToken cancellationToken) =>
        StepProgress.RunAsync<TrainingStep, TrainingResult>(
            "training",
            step => (step.Step, step.Steps, $"loss {step.Metrics["loss"]:F4}"),
            progress => TrainingRun.RunAsync(
                new TorchTrainer(warning => Console.Error.WriteLine($"dpo: warning: {warning}")),
                request,
                directory.Path(RunDirectory.MetricsFile),
                TimeProvider.System,
                step =>
                {
                    tensorBoard?.Write(step.Step, step.Metrics);
                    progress.Report(step);
                },
                cancellationToken));

    private TrainingRequest Request(RunDirectory directory, Digest model, IReadOnlyList<ITrainingExample> examples)
    {
        var (options, policy) = (configuration.Options, configuration.Policy);
        return new(
            inputs.Model,
            inputs.Initial(policy),
            inputs.Reference(policy),
            examples,
            options,
            configuration.Seed,
            directory.Work,
            directory.Path(options.Lora is null ? "model.gguf" : "adapter.gguf"),
            new AdapterManifest(model, DigestOf(inputs.Initial(policy)), "", 1, configuration.ToJson()),
            SplitSeed: configuration.Seed);
    }

    /// <summary>The average with the new adapter in it: the next round's reference.</summary>
    private void WriteAverage(TrainingRequest request, string path)
    {
        var manifest = request.Manifest with { ParentSha256 = DigestOf(inputs.Average) };
        AdapterAverage.Write(path, inputs.Model, inputs.Average, request.OutputPath, configuration.Policy.ReferenceEmaDecay, manifest);
    }

    /// <summary>All that the result depends on.</summary>
    private string Settings(Digest model) => new JsonObject
    {
        [RunDirectory.ModelKey] = model.Hex,
        ["data-sha256"] = string.Join(' ', inputs.Data.Select(RowFile.DigestOf)),
        ["earlier-sha256"] = string.Join(' ', inputs.Earlier.Select(RowFile.DigestOf)),
        ["adapter-sha256"] = DigestOf(inputs.Adapter)?.Hex,
        ["average-sha256"] = DigestOf(inputs.Average)?.Hex,
        ["settings"] = JsonNode.Parse(configuration.ToJson()),
    }.ToJsonString(Indented);

    private string Losses() => string.Join(" + ", configuration.Options.Loss.Losses.Select(loss =>
        loss.Weight == 1 ? loss.Name : FormattableString.Invariant($"{loss.Weight} {loss.Name}")));

    private static Digest? DigestOf(string? path) => path is null ? null : Digest.OfFile(path);
}
