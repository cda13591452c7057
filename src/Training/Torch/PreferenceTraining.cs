using IterativeDpo.Training.Torch.Losses;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The loop over optimiser steps of one run, with its evaluations: pure of files but for its checkpoint.</summary>
internal sealed class PreferenceTraining : IDisposable
{
    private const string Advice = "Lower the learning rate, or look at these examples.";
    private const string RewardMean = "rewards/running_mean", Beta = "beta", MarginAverage = "margins/moving_average";

    private readonly PolicyModel _model;
    private readonly LoraWeights? _lora;
    private readonly ExampleSet _training;
    private readonly ExampleSet? _validation;
    private readonly Optimizer _optimizer;
    private readonly TrainingOptions _options;
    private readonly ulong _seed;
    private readonly Objective _objective;
    private readonly int _stepsPerEpoch;
    private readonly Tensor? _best;
    private IReadOnlyList<PlannedStep> _epochPlan = [];
    private int _plannedEpoch = -1;

    /// <param name="validation">Examples held back, or null: then the last parameters are the result, and else the best.</param>
    public PreferenceTraining(
        PolicyModel model,
        LoraWeights? lora,
        ExampleSet training,
        ExampleSet? validation,
        Optimizer optimizer,
        TrainingOptions options,
        ulong seed)
    {
        (_model, _lora, _training, _validation, _optimizer, _options, _seed) = (
            model,
            lora,
            training,
            validation,
            optimizer,
            options,
            seed);
        _objective = new(options.Loss);
        _stepsPerEpoch = (training.Examples.Count + options.BatchPairs - 1) / options.BatchPairs;
        Steps = options.MaxSteps > 0 ? options.MaxSteps : _stepsPerEpoch * options.Epochs;
        Parameters = ParametersOf(model, lora);
        _best = validation is null ? null : zeros_like(Parameters.Values).DetachFromDisposeScope();
    }

    public int Steps { get; }

    public ParameterBuffer Parameters { get; }

    /// <summary>A reference that follows the policy; null where it is the frozen one of the examples.</summary>
    public MovingReference? Moving { get; init; }

    /// <summary>Every tensor that changes from step to step, in a fixed order.</summary>
    public IReadOnlyList<Tensor> State =>
    [
        Parameters.Values,
        .. _optimizer.State,
        .. _best is null ? [] : (Tensor[])[_best],
        .. Moving is null ? [] : (Tensor[])[Moving.Values],
    ];

    /// <summary>What is trained.</summary>
    public static ParameterBuffer ParametersOf(PolicyModel model, LoraWeights? lora) =>
        lora?.Parameters ?? model.Parameters ?? throw new ArgumentException("Neither an adapter nor the model is trainable.");

    /// <summary>Runs the steps that the history lacks and adds them to it; leaves the result in the parameters.</summary>
    /// <param name="history">The steps that <see cref="State"/> is after.</param>
    /// <exception cref="NonFiniteTrainingException">A loss, a gradient or the result was not finite.</exception>
    public void Run(List<TrainingStep> history, Action checkpoint, IProgress<TrainingStep>? progress, CancellationToken cancellation)
    {
        _optimizer.Steps = history.Count;
        try
        {
            while (!IsFinished(history))
            {
                // A run that was stopped between a step and its evaluation goes on with the evaluation.
                if (!IsEvaluationDue(history))
                {
                    history.Add(RunStep(history, cancellation));
                }
                if (IsEvaluationDue(history))
                {
                    history[^1] = Evaluate(history, cancellation);
                }
                if (history.Count % _options.CheckpointSteps == 0 || IsFinished(history))
                {
                    checkpoint();
                }
                progress?.Report(history[^1]);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing but gradients has changed since the last whole step or evaluation.
            checkpoint();
            throw;
        }
        TakeResult(history.Count);
    }

    public void Dispose() => _best?.Dispose();

    private bool IsFinished(List<TrainingStep> history) =>
        !IsEvaluationDue(history) && (history.Count >= Steps || Evaluations.Disappoint(history, _options.EarlyStoppingPatience));

    private bool IsEvaluationDue(List<TrainingStep> history) =>
        _validation is not null
        && history.Count > 0
        && !Evaluations.Has(history[^1])
        && (history.Count == Steps || (_options.EvaluationSteps > 0 && history.Count % _options.EvaluationSteps == 0));

    private TrainingStep RunStep(List<TrainingStep> history, CancellationToken cancellation)
    {
        var index = history.Count;
        var plan = Plan(index);
        using var scope = NewDisposeScope();
        Parameters.Gradients.fill_(0);
        var run = RunOf(_training, plan, Dropout(index), history, cancellation);
        var (loss, figures, batch) = run.Backward(
            (share, examples) => Check(share, $"loss of step {index + 1} of {Steps}", examples),
            cancellation);
        var norm = GradientNorm();
        Check(norm, $"gradient of step {index + 1} of {Steps}", plan.MicroBatches.SelectMany(m => m));
        var rate = LearningRate.At(_options, index, Steps);
        // The small constant is the reference implementation's; it keeps a zero gradient from dividing by zero.
        _optimizer.Step(rate, _options.MaxGradNorm > 0 ? Math.Min(1, _options.MaxGradNorm / (norm + 1e-6)) : 1);
        Moving?.Follow(index + 1);
        var metrics = StepMetrics.Of(loss, figures, batch, _objective);
        foreach (var (name, value) in run.Experts.Metrics())
        {
            metrics[name] = value;
        }
        metrics["learning_rate"] = rate;
        metrics["grad_norm"] = norm;
        if (_options.Loss.BcoRewardMean)
        {
            metrics[RewardMean] = run.Rewards.Value;
        }
        if (_options.Loss.DynamicBeta > 0)
        {
            (metrics[Beta], metrics[MarginAverage]) = (run.Beta, run.Margins.Average);
        }
        metrics["num_tokens"] = TokensOf(plan) + (history.Count == 0 ? 0 : history[^1].Metrics["num_tokens"]);
        return new(index + 1, Steps, metrics);
    }

    /// <summary>
    /// The last step with the metrics of the held-back examples, all as one batch; keeps its parameters where they are the best.
    /// </summary>
    private TrainingStep Evaluate(List<TrainingStep> history, CancellationToken cancellation)
    {
        var examples = _validation!.Examples;
        var plan = ExampleBatches.PlanEpoch(examples, examples.Count, _options.MicroBatchTokens, 0, 0).Single();
        using var scope = NewDisposeScope();
        var run = RunOf(_validation, plan, null, history, cancellation);
        var (loss, figures, batch) = run.Evaluate(cancellation);
        if (!double.IsFinite(loss))
        {
            throw NonFiniteTrainingException.Of($"validation loss after step {history.Count} of {Steps}", examples, Advice);
        }
        var metrics = StepMetrics
            .Of(loss, figures, batch, _objective)
            .Concat(run.Experts.Metrics())
            .Select(metric => new KeyValuePair<string, double>(Evaluations.Prefix + metric.Key, metric.Value));
        var step = history[^1] with
        {
            Metrics = new SortedDictionary<string, double>(history[^1].Metrics.Concat(metrics).ToDictionary(), StringComparer.Ordinal),
        };
        if (ReferenceEquals(Evaluations.Best([.. history.SkipLast(1), step]), step))
        {
            using var gradients = no_grad();
            _best!.copy_(Parameters.Values);
        }
        return step;
    }

    private StepRun RunOf(
        ExampleSet set,
        PlannedStep plan,
        LoraDropout? dropout,
        List<TrainingStep> history,
        CancellationToken cancellation)
    {
        var passes = plan.MicroBatches;
        var reference = Moving is null
            ? set.Reference.Pick([.. passes.SelectMany(m => m)])
            : Moving.Run(() => ReferenceLogProbs.Compute(_model, _lora, set.Examples, passes, _options.Loss.LdAlpha, cancellation));
        return new(
            _model,
            _lora,
            _objective,
            set.Examples,
            reference,
            plan,
            dropout,
            RewardsOf(history),
            new(_options.Loss.DynamicBeta > 0 && history is [.., var last] ? last.Metrics[MarginAverage] : 0),
            _options.RouterAuxLoss);
    }

    /// <summary>Puts the best parameters in the place of the last ones, where there are best ones.</summary>
    private void TakeResult(int steps)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        if (_best is not null)
        {
            Parameters.Values.copy_(_best);
        }
        // A step's own loss is from before its update, so nothing has looked at the last one yet.
        // A sum is not finite where a value is not, and needs no copy of them.
        Check(Parameters.Values.sum().item<float>(), $"update of step {steps} of {Steps}", Plan(steps - 1).MicroBatches.SelectMany(m => m));
    }

    private LoraDropout? Dropout(int step) =>
        _options.Lora is { Dropout: > 0 and var share } ? new LoraDropout(share, _seed).At(step) : null;

    private PlannedStep Plan(int step)
    {
        var (epoch, inEpoch) = Math.DivRem(step, _stepsPerEpoch);
        if (epoch != _plannedEpoch)
        {
            _epochPlan = ExampleBatches.PlanEpoch(_training.Examples, _options.BatchPairs, _options.MicroBatchTokens, _seed, epoch);
            _plannedEpoch = epoch;
        }
        return _epochPlan[inEpoch];
    }

    /// <summary>
    /// The history has the mean of the rewards so far, and the checkpoint has the history: a resumed run goes on with the same bits.
    /// </summary>
    private RunningMean RewardsOf(List<TrainingStep> history)
    {
        var (epochs, steps) = Math.DivRem(history.Count, _stepsPerEpoch);
        var examples = (long)epochs * _training.Examples.Count + (long)steps * _options.BatchPairs;
        return _options.Loss.BcoRewardMean && examples > 0 ? new(history[^1].Metrics[RewardMean], 2 * examples) : default;
    }

    private double GradientNorm()
    {
        using var scope = NewDisposeScope();
        return Parameters.Gradients.norm().item<float>();
    }

    /// <summary>Tokens trained on, the prompt counted with each completion that is.</summary>
    private long TokensOf(PlannedStep plan) => plan.MicroBatches.SelectMany(m => m).Select(i => _training.Examples[i]).Sum(example =>
        example.PromptIds.Length
        + (long)example.First.Length
        + (_objective.Unpaired ? 0 : example.PromptIds.Length + example.Second.Length));

    private void Check(double figure, string what, IEnumerable<int> indexes)
    {
        if (!double.IsFinite(figure))
        {
            throw NonFiniteTrainingException.Of(what, indexes.Select(i => _training.Examples[i]), Advice);
        }
    }
}
