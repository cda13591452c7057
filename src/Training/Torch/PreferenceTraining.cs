using IterativeDpo.Training.Torch.Losses;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The loop over optimiser steps of one run: pure of files but for its checkpoint.</summary>
internal sealed class PreferenceTraining
{
    private readonly PolicyModel _model;
    private readonly LoraWeights? _lora;
    private readonly IReadOnlyList<ITrainingExample> _examples;
    private readonly ReferenceLogProbs _reference;
    private readonly TrainingOptions _options;
    private readonly ulong _seed;
    private readonly Objective _objective;
    private readonly int _stepsPerEpoch;
    private IReadOnlyList<PlannedStep> _epochPlan = [];
    private int _plannedEpoch = -1;

    public PreferenceTraining(
        PolicyModel model, LoraWeights? lora, IReadOnlyList<ITrainingExample> examples, ReferenceLogProbs reference, TrainingOptions options, ulong seed)
    {
        (_model, _lora, _examples, _reference, _options, _seed) = (model, lora, examples, reference, options, seed);
        _objective = new(options.Loss);
        _stepsPerEpoch = (examples.Count + options.BatchPairs - 1) / options.BatchPairs;
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
        using var scope = NewDisposeScope();
        Parameters.Gradients.fill_(0);
        var (loss, figures, batch) = new StepRun(_model, _lora, _objective, _examples, _reference, plan, Dropout(index)).Backward(CheckLoss, cancellation);
        var norm = GradientNorm();
        if (!double.IsFinite(norm))
        {
            throw NonFinite("gradient", index, plan.MicroBatches.SelectMany(m => m));
        }
        var rate = LearningRate.At(_options, index, Steps);
        // The small constant is the reference implementation's; it keeps a zero gradient from dividing by zero.
        optimiser.Step(rate, _options.MaxGradNorm > 0 ? Math.Min(1, _options.MaxGradNorm / (norm + 1e-6)) : 1);
        var metrics = StepMetrics.Of(loss, figures, batch, _objective);
        metrics["learning_rate"] = rate;
        metrics["grad_norm"] = norm;
        metrics["num_tokens"] = TokensOf(plan) + (history.Count == 0 ? 0 : history[^1].Metrics["num_tokens"]);
        return new(index + 1, Steps, metrics);

        void CheckLoss(float share, int[] microBatch)
        {
            if (!float.IsFinite(share))
            {
                throw NonFinite("loss", index, microBatch);
            }
        }
    }

    private LoraDropout? Dropout(int step) => _options.Lora is { Dropout: > 0 and var share } ? new LoraDropout(share, _seed).At(step) : null;

    private PlannedStep Plan(int step)
    {
        var (epoch, inEpoch) = Math.DivRem(step, _stepsPerEpoch);
        if (epoch != _plannedEpoch)
        {
            _epochPlan = ExampleBatches.PlanEpoch(_examples, _options.BatchPairs, _options.MicroBatchTokens, _seed, epoch);
            _plannedEpoch = epoch;
        }
        return _epochPlan[inEpoch];
    }

    private double GradientNorm()
    {
        using var scope = NewDisposeScope();
        return Parameters.Gradients.norm().item<float>();
    }

    /// <summary>Tokens trained on, the prompt counted with each completion that is.</summary>
    private long TokensOf(PlannedStep plan) => plan.MicroBatches.SelectMany(m => m).Select(i => _examples[i]).Sum(example =>
        example.PromptIds.Length + (long)example.First.Length + (_objective.Unpaired ? 0 : example.PromptIds.Length + example.Second.Length));

    private NonFiniteTrainingException NonFinite(string what, int step, IEnumerable<int> indexes) =>
        new($"the {what} of step {step + 1} of {Steps} is not finite; prompts: "
            + $"{string.Join(", ", indexes.Select(i => _examples[i].PromptId).Distinct())}. Lower the learning rate, or look at these pairs.");
}
