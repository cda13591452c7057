using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Preference training with LibTorch, on a thread of its own. Finds a GPU where LibTorch does.</summary>
/// <param name="warn">Told of trainings that would do less than their settings say, the same only once; called on the training's
/// thread.</param>
public sealed class TorchTrainer(Action<string>? warn = null) : ITrainer
{
    private readonly HashSet<string> _warned = [];

    public Task<TrainingResult> TrainAsync(
        TrainingRequest request,
        IProgress<TrainingStep>? progress,
        CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => Train(request, progress, cancellationToken, Warn),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

    /// <summary>Trains on the calling thread: dispose scopes, gradient mode and thread count all belong to a thread.</summary>
    internal static TrainingResult Train(
        TrainingRequest request, IProgress<TrainingStep>? progress, CancellationToken cancellation, Action<string>? warn = null)
    {
        var options = request.Options;
        var objective = new Objective(options.Loss);
        TorchEngine.Start(options.Threads);
        using var scope = NewDisposeScope();
        var device = torch.device(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU);
        using var file = GgufFile.Open(request.BaseModelPath);
        if (device.type == DeviceType.CPU)
        {
            MemoryEstimate.Of(file, options, request.Examples).CheckFits(MemoryEstimate.AvailableBytes, options);
        }
        var baseDigest = GgufFile.DigestOf(request.BaseModelPath);
        using var model = PolicyModel.Load(file, options.ComputeType, trainable: options.Lora is null, device);
        model.GradientCheckpointing = options.GradientCheckpointing;
        model.Unlearned = options.LearnThoughts ? null : model.Config.Thoughts ?? throw new UserInputException(
            $"training.learn-thoughts = off: {request.BaseModelPath} has no token for the end of thoughts, such as </think>. Leave the setting out.");
        // The arrays that the weights came in are garbage as large as the model.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        var examples = UsableExamples(request, objective, model.Config);
        var identity = new RunIdentity(
            request,
            baseDigest,
            examples,
            $"LibTorch {__version__}, {(model.OwnLoops == OwnLoops.All ? "CPU, own loops 1" : device.type)}");
        var adapters = new AdapterSetup(request, model.Config, baseDigest, device);
        using var lora = adapters.CreatePolicy();
        var reference = objective.UsesReference && options.ReferenceSync is null
            ? ReadReference(request, identity, adapters, model, examples, cancellation)
            : ReferenceLogProbs.None(examples.Count);
        var (training, validation) = Split(request, new(examples, reference));
        if (options.ChesDrop > 0)
        {
            training = WithoutAlike(training, model, lora, options, warn, cancellation);
        }

        using var optimizer = Optimizer.Create(options, PreferenceTraining.ParametersOf(model, lora));
        using var moving = CreateMovingReference(options, adapters, PreferenceTraining.ParametersOf(model, lora));
        using var run = new PreferenceTraining(model, lora, training, validation, optimizer, options, request.Seed) { Moving = moving };
        foreach (var warning in TrainingWarnings.Of(options, training.Examples, run.Steps))
        {
            warn?.Invoke(warning);
        }
        using var checkpoint = new TrainingCheckpoint(
            Path.Combine(request.WorkDirectory, $"checkpoint-{RunIdentity.Short(identity.Run)}.bin"),
            identity.Run);
        var history = checkpoint.Restore(run.State);
        run.Run(history, () => checkpoint.Save(run.State, history), progress, cancellation);

        Publish(request, file, model, lora);
        return new(history.Count, TrainingSummary.MeansOf(history, options.BatchPairs, training.Examples.Count), history);
    }

    private void Warn(string warning)
    {
        if (_warned.Add(warning))
        {
            warn?.Invoke(warning);
        }
    }

    private static (ExampleSet Training, ExampleSet? Validation) Split(TrainingRequest request, ExampleSet all)
    {
        if (request.Options.ValidationShare == 0)
        {
            return (all, null);
        }
        var (training, validation) = ValidationSplit.Of(all.Examples, request.Options.ValidationShare, request.SplitSeed);
        return (all.Pick(training), all.Pick(validation));
    }

    /// <summary>By the policy that the training begins with, so that a run that goes on leaves out the same ones.</summary>
    private static ExampleSet WithoutAlike(
        ExampleSet training,
        PolicyModel model,
        LoraWeights? lora,
        TrainingOptions options,
        Action<string>? warn,
        CancellationToken cancellation)
    {
        var scores = ChesScores.Compute(model, lora, training.Examples, options.MicroBatchTokens, cancellation);
        var kept = ChesScores.Lowest(scores, options.ChesDrop);
        warn?.Invoke(FormattableString.Invariant(
            $"training.ches-drop leaves out {scores.Length - kept.Length} of {scores.Length} pairs; the highest CHES score of those that stay is {kept.Max(i => scores[i]):G4}, of all {scores.Max():G4}"));
        return training.Pick(kept);
    }

    private static MovingReference? CreateMovingReference(TrainingOptions options, AdapterSetup adapters, ParameterBuffer parameters)
    {
        if (options.ReferenceSync is not { } sync)
        {
            return null;
        }
        using var start = adapters.CreateMovingReference();
        return new MovingReference(parameters, (start?.Parameters ?? parameters).Values, sync);
    }

    private static IReadOnlyList<ITrainingExample> UsableExamples(TrainingRequest request, Objective objective, ModelConfig config)
    {
        var maxLength = request.Options.MaxLength;
        var examples = ExampleTruncation
            .Apply(objective.ExamplesOf(ExampleTruncation.Apply(request.Examples, maxLength).Examples), maxLength)
            .Examples;
        if (examples.Count == 0)
        {
            throw new UserInputException(
                $"none of the {request.Examples.Count} examples have anything to learn from within {request.Options.MaxLength} tokens. Give more of them, or raise the maximum length.");
        }
        foreach (var example in examples)
        {
            var worst = example
                .PromptIds.Concat(example.First)
                .Concat(example.Second)
                .FirstOrDefault(id => id < 0 || id >= config.VocabSize);
            if (worst != 0)
            {
                throw new UserInputException(
                    $"prompt '{example.PromptId}': token {worst} is outside the model's vocabulary of {config.VocabSize}. Use data made with this model.");
            }
        }
        return examples;
    }

    private static ReferenceLogProbs ReadReference(
        TrainingRequest request, RunIdentity identity, AdapterSetup adapters, PolicyModel model, IReadOnlyList<ITrainingExample> examples,
        CancellationToken cancellation)
    {
        using var lora = adapters.CreateReference();
        return ReferenceLogProbs.ReadOrCompute(
            Path.Combine(request.WorkDirectory, $"reference-{RunIdentity.Short(identity.Reference)}.bin"),
            identity.Reference,
            examples.Count,
            done => ReferenceLogProbs.Compute(model, lora, examples, request.Options, cancellation, done));
    }

    private static void Publish(TrainingRequest request, GgufFile file, PolicyModel model, LoraWeights? lora)
    {
        if (lora is not null)
        {
            new LoraAdapter(request.Options.Lora!.Rank, request.Options.Lora.FileAlpha, request.Manifest, [.. lora.Export()])
                .Write(request.OutputPath, model.Config);
            return;
        }
        ModelWriter.WriteLike(file, request.OutputPath, name => model.Values(name), TensorType.F32);
    }
}
