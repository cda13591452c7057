using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Implicit;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Scores by the trainer's own forward pass: the base is loaded once, at the first score, and adapters take turns on it.
/// </summary>
/// <param name="options">Compute type, threads, and the tokens of a pass; nothing else of them counts.</param>
public sealed class TorchSequenceScorer(string modelPath, TrainingOptions options) : ISequenceScorer
{
    /// <summary>A policy and a reference.</summary>
    private const int AdaptersKept = 2;

    private readonly TrainingOptions _options = options with { Loss = options.Loss with { LdAlpha = 1 } };
    private readonly List<(string Path, LoraWeights Weights)> _adapters = [];
    private readonly Lazy<Digest> _digest = new(() => GgufFile.DigestOf(modelPath));
    private PolicyModel? _model;

    public void Check(IEnumerable<string> adapterPaths)
    {
        using var file = GgufFile.Open(modelPath);
        var config = ModelConfig.Read(file);
        foreach (var path in adapterPaths)
        {
            _ = LoraAdapter.Read(path, config, _digest.Value);
        }
    }

    public void Load() => _model ??= LoadBase();

    /// <exception cref="NonFiniteTrainingException">A log-prob is not finite.</exception>
    public IReadOnlyList<double[]> LogProbs(IReadOnlyList<PromptSamples> prompts, string? adapterPath, CancellationToken cancellationToken)
    {
        TorchEngine.Start(_options.Threads);
        Load();
        var lora = adapterPath is null ? null : AdapterOf(adapterPath, _model!);
        ScoredSample[] examples =
        [
            .. prompts.SelectMany(prompt => prompt.Samples.Select(sample => ScoredSample.Of(prompt, sample, _model!.Config))),
        ];
        var sums = ReferenceLogProbs.Compute(_model!, lora, examples, _options, cancellationToken).First;
        var result = new List<double[]>(prompts.Count);
        var start = 0;
        foreach (var prompt in prompts)
        {
            result.Add([.. sums.AsSpan(start, prompt.Samples.Count)]);
            start += prompt.Samples.Count;
        }
        return result;
    }

    public void Dispose()
    {
        foreach (var (_, weights) in _adapters)
        {
            weights.Dispose();
        }
        _model?.Dispose();
    }

    private PolicyModel LoadBase()
    {
        using var file = GgufFile.Open(modelPath);
        return PolicyModel.Load(
            file,
            _options.ComputeType,
            trainable: false,
            torch.device(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU));
    }

    private LoraWeights AdapterOf(string path, PolicyModel model)
    {
        var at = _adapters.FindIndex(adapter => adapter.Path == path);
        var found = at < 0 ? (path, AdapterSetup.LoadFrozen(path, model.Config, _digest.Value, model.Device)) : _adapters[at];
        if (at >= 0)
        {
            _adapters.RemoveAt(at);
        }
        else if (_adapters.Count == AdaptersKept)
        {
            _adapters[0].Weights.Dispose();
            _adapters.RemoveAt(0);
        }
        _adapters.Add(found);
        return found.Item2;
    }

    /// <summary>A sample where an example goes: its completion, and none beside it.</summary>
    private sealed record ScoredSample(string PromptId, int[] PromptIds, int[] First) : ITrainingExample
    {
        public int[] Second => [];

        public double Label => 1;

        /// <exception cref="UserInputException">A token is outside the vocabulary.</exception>
        public static ScoredSample Of(PromptSamples prompt, Sample sample, ModelConfig config)
        {
            var worst = prompt.PromptIds.Concat(sample.TokenIds).FirstOrDefault(id => id < 0 || id >= config.VocabSize);
            return worst == 0 ? new(prompt.Prompt.Id, prompt.PromptIds, sample.TokenIds) : throw new UserInputException(
                $"prompt '{prompt.Prompt.Id}': token {worst} is outside the model's vocabulary of {config.VocabSize}. Judge samples of this model.");
        }

        public ITrainingExample? CutTo(int maxLength) => this with { First = ITrainingExample.Cut(PromptIds, First, maxLength) };
    }
}
