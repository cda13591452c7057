using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Actors.Campaigns;
using IterativeDpo.Actors.Configuration;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;
using IterativeDpo.Training.Data;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>A training run on its own, from its files to its report.</summary>
/// <param name="previousAdapter">The adapter of the round before, or null.</param>
/// <param name="skipBadRows">Leave out rows that cannot be used, and list them; otherwise the first one is an error.</param>
internal sealed class TrainingSession(
    TrainingConfiguration configuration, string modelPath, IReadOnlyList<string> dataPaths, string? previousAdapter, bool skipBadRows,
    string outputPath)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string OutputPath => outputPath;

    /// <exception cref="UserInputException">A file is missing or wrong, or the settings contradict each other.</exception>
    public async Task<TrainingOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        var model = DigestOf(modelPath);
        var settings = Settings(model);
        using var directory = RunDirectory.Open(outputPath, settings);
        using var data = await OpenDataAsync(directory, cancellationToken);
        using var log = new MetricsLog(directory.Path(RunDirectory.MetricsFile), TimeProvider.System);
        var request = Request(directory, model, data.Examples);
        var result = await StepProgress.RunAsync<TrainingStep, TrainingResult>(
            "training",
            step => (step.Step, step.Steps, $"loss {step.Metrics["loss"]:F4}"),
            progress => new TorchTrainer().TrainAsync(request, new Both(log, progress), cancellationToken));
        log.Complete(result.History);
        var outcome = new TrainingOutcome(
            modelPath, dataPaths, Losses(), request.OutputPath, Digest.OfFile(request.OutputPath).Hex, data.Rows.Rows,
            data.Rows.RejectedByProblem.ToDictionary(p => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{p.Key}"), p => p.Value), data.Rows.Examples, result.Steps, TimeProvider.System.GetElapsedTime(start).TotalSeconds, result.Metrics);
        TrainingReport.Write(directory.Path("report.html"), outcome, MetricsLog.Read(directory.Path(RunDirectory.MetricsFile)), settings);
        return outcome;
    }

    private async Task<TrainingData> OpenDataAsync(RunDirectory directory, CancellationToken cancellationToken)
    {
        var options = new DataOptions(
            configuration.Options.MaxLength, new Objective(configuration.Options.Loss).Unpaired, skipBadRows, configuration.Options.Threads);
        using var tokenizer = LlamaTextTokenizer.Load(modelPath);
        var data = await StepProgress.RunAsync<DataProgress, TrainingData>(
            "reading data",
            read => ((int)(100 * read.Bytes / Math.Max(1, read.TotalBytes)), 100, $"% of {Path.GetFileName(read.File)}, {read.Rows} rows"),
            progress => Task.Run(() => TrainingData.Open(dataPaths, tokenizer, options, directory.Work, progress, cancellationToken), cancellationToken));
        if (data.Rows.Rejected > 0)
        {
            directory.WriteRejected(data.Rows.FirstRejected);
            Console.Error.WriteLine($"dpo: {data.Rows.Rejected} of {data.Rows.Rows} rows were not used; {directory.Path(RunDirectory.RejectedFile)} says why");
        }
        return data;
    }

    private TrainingRequest Request(RunDirectory directory, Digest model, IReadOnlyList<ITrainingExample> examples)
    {
        var options = configuration.Options;
        return new(
            modelPath,
            configuration.Policy.Initialisation == PolicyOrigin.Previous ? previousAdapter : null,
            configuration.Policy.Reference == ReferenceOrigin.Previous ? previousAdapter : null,
            examples,
            options,
            configuration.Seed,
            directory.Work,
            directory.Path(options.Lora is null ? "model.gguf" : "adapter.gguf"),
            new AdapterManifest(model.Hex, previousAdapter is { } path ? DigestOf(path).Hex : null, "", 1, configuration.ToJson()),
            SplitSeed: configuration.Seed);
    }

    /// <summary>All that the result depends on.</summary>
    private string Settings(Digest model) => new JsonObject
    {
        ["model-sha256"] = model.Hex,
        ["data-sha256"] = string.Join(' ', dataPaths.Select(path => DigestOf(path).Hex)),
        ["adapter-sha256"] = previousAdapter is { } path ? DigestOf(path).Hex : null,
        ["settings"] = JsonNode.Parse(configuration.ToJson()),
    }.ToJsonString(Indented);

    private string Losses() => string.Join(" + ", configuration.Options.Loss.Losses.Select(loss =>
        loss.Weight == 1 ? loss.Name : FormattableString.Invariant($"{loss.Weight} {loss.Name}")));

    private static Digest DigestOf(string path) => File.Exists(path)
        ? Digest.OfFile(path)
        : throw new UserInputException($"{path}: there is no such file; check the path.");

    private sealed class Both(IProgress<TrainingStep> first, IProgress<TrainingStep> second) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value)
        {
            first.Report(value);
            second.Report(value);
        }
    }
}
