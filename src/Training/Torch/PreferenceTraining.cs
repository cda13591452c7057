using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The loop over optimiser steps of one run: pure of files but for its checkpoint.</summary>
internal sealed class PreferenceTraining
{
    private readonly PolicyModel _model;
    private readonly LoraWeights? _lora;
    private readonly IReadOnlyList<PreferencePair> _pairs;
    private readonly ReferenceLogProbs _reference;
    private readonly TrainingOptions _options;
    private readonly ulong _seed;
    private readonly PreferenceLoss _loss;
    private readonly int _stepsPerEpoch;
    private IReadOnlyList<PlannedStep> _epochPlan = [];
    private int _plannedEpoch = -1;

    public PreferenceTraining(
        PolicyModel model, LoraWeights? lora, IReadOnlyList<PreferencePair> pairs, ReferenceLogProbs reference, TrainingOptions options, ulong seed)
    {
        (_model, _lora, _pairs, _reference, _options, _seed) = (model, lora, pairs, reference, options, seed);
        _loss = PreferenceLosses.Named(options.Loss);
        _stepsPerEpoch = (pairs.Count + options.BatchPairs - 1) / options.BatchPairs;
        Steps = _stepsPerEpoch * options.Epochs;
        Parameters = lora?.Parameters ?? model.Parameters ?? throw new ArgumentException("Neither an adapter nor the model is trainable.");
    }

    public int Steps { get; }

    public ParameterBuffer Parameters { get; }

    /// <summary>Runs the steps that the history lacks and adds them to it.</summary>
    /// <exception cref="NonFiniteTrainingException">The loss or the gradient was not finite.</exception>
    public void Run(
        List<TrainingStep> history, AdamW optimiser, Action checkpoint, IProgress<TrainingStep>? progress, CancellationToken cancellation)
    {
        try
        {
            while (history.Count < Steps)
            {
                var step = RunStep(history.Count, history, optimiser, cancellation);
                history.Add(step);
                if (history.Count % _options.CheckpointSteps == 0 || history.Count == Steps)
                {
                    checkpoint();
                }
                progress?.Report(step);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing but gradients has changed since the last whole step.
            checkpoint();
            throw;
        }
    }

    private TrainingStep RunStep(int index, List<TrainingStep> history, AdamW optimiser, CancellationToken cancellation)
    {
        var plan = Plan(index);
        var metrics = new StepMetrics();
        Parameters.Gradients.fill_(0);
        foreach (var microBatch in plan.MicroBatches)
        {
            cancellation.ThrowIfCancellationRequested();
            RunMicroBatch(index, plan, microBatch, metrics);
        }
        var norm = GradientNorm();
        if (!double.IsFinite(norm))
        {
            throw NonFinite("gradient", index, plan.MicroBatches.SelectMany(m => m));
        }
        var rate = LearningRate.At(_options, index, Steps);
        // The small constant is the reference implementation's; it keeps a zero gradient from dividing by zero.
        optimiser.Step(rate, _options.MaxGradNorm > 0 ? Math.Min(1, _options.MaxGradNorm / (norm + 1e-6)) : 1);
        var tokensBefore = history.Count == 0 ? 0 : (long)history[^1].Metrics["num_tokens"];
        return new(index + 1, Steps, metrics.ToDictionary(rate, norm, tokensBefore + TokensOf(plan)));
    }

    private void RunMicroBatch(int index, PlannedStep plan, int[] microBatch, StepMetrics metrics)
    {
        using var scope = NewDisposeScope();
        var pairs = Array.ConvertAll(microBatch, i => _pairs[i]);
        var packed = PackedPairs.Create(pairs);
        var pass = _model.Forward(packed.Batch, _lora);
        var sums = new StepObjective(_loss, _options, plan).Backward(pass, packed, LogProbsOf(pass, packed, microBatch));
        if (!sums.All(float.IsFinite))
        {
            throw NonFinite("loss", index, microBatch);
        }
        metrics.Add(sums, pairs);
    }

    private PairLogProbs LogProbsOf(ForwardPass pass, PackedPairs packed, int[] microBatch)
    {
        var device = pass.LogProbs.device;
        Tensor Policy(int[] branches) => pass.LogProbs.index_select(0, Floats.Indexes(branches, device));
        Tensor Figures(Func<int, float> figure) => tensor(Array.ConvertAll(microBatch, i => figure(i))).to(device);
        return new(
            Policy(packed.Chosen),
            Policy(packed.Rejected),
            Figures(i => _reference.Chosen[i]),
            Figures(i => _reference.Rejected[i]),
            Figures(i => (float)_pairs[i].ChosenProbability));
    }

    private PlannedStep Plan(int step)
    {
        var (epoch, inEpoch) = Math.DivRem(step, _stepsPerEpoch);
        if (epoch != _plannedEpoch)
        {
            _epochPlan = PairBatches.PlanEpoch(_pairs, _options.BatchPairs, _options.MicroBatchTokens, _seed, epoch);
            _plannedEpoch = epoch;
        }
        return _epochPlan[inEpoch];
    }

    private double GradientNorm()
    {
        using var scope = NewDisposeScope();
        return Parameters.Gradients.norm().item<float>();
    }

    private long TokensOf(PlannedStep plan) => plan.MicroBatches.SelectMany(m => m)
        .Sum(i => 2L * _pairs[i].PromptIds.Length + _pairs[i].ChosenIds.Length + _pairs[i].RejectedIds.Length);

    private NonFiniteTrainingException NonFinite(string what, int step, IEnumerable<int> indexes) =>
        new($"the {what} of step {step + 1} of {Steps} is not finite; prompts: "
            + $"{string.Join(", ", indexes.Select(i => _pairs[i].PromptId).Distinct())}. Lower the learning rate, or look at these pairs.");
}
