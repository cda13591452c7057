using IterativeDpo.Training.Torch.Losses;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The gradient of one optimiser step: its micro-batches forward and back. Where the objective needs the step's examples together, their
/// figures are computed first, without a graph, and each micro-batch then puts its live ones in their place: the same gradient, however
/// the step is split.
/// </summary>
internal sealed class StepRun
{
    private readonly PolicyModel _model;
    private readonly LoraWeights? _lora;
    private Objective _objective;
    private readonly IReadOnlyList<ITrainingExample> _examples;
    private readonly PlannedStep _plan;
    private readonly LoraDropout? _dropout;
    private readonly Tensor _reference;
    private readonly Tensor _labels;
    private readonly float _routerAux;

    /// <param name="reference">Of the plan's examples, in its order.</param>
    /// <param name="dropout">On the adapter's inputs, or null.</param>
    /// <param name="rewards">The rewards of the steps before.</param>
    /// <param name="margins">The margins of the steps before.</param>
    /// <param name="routerAux">See <see cref="TrainingOptions.RouterAuxLoss"/>; of a dense model it does not matter.</param>
    public StepRun(
        PolicyModel model,
        LoraWeights? lora,
        Objective objective,
        IReadOnlyList<ITrainingExample> examples,
        ReferenceLogProbs reference,
        PlannedStep plan,
        LoraDropout? dropout, RunningMean rewards, DynamicBeta margins, float routerAux)
    {
        _routerAux = routerAux;
        Experts = new(routerAux);
        (_model, _lora, _objective, _examples, _plan, _dropout, Rewards, Margins) = (
            model,
            lora,
            objective,
            examples,
            plan,
            dropout,
            rewards,
            margins);
        _reference = tensor([.. reference.First, .. reference.Second]).view(2, plan.Examples).to(model.Device);
        _labels = tensor(plan.MicroBatches.SelectMany(m => m).Select(i => (float)examples[i].Label).ToArray()).to(model.Device);
    }

    /// <summary>The rewards so far, this step's included once it has run; only where the objective follows them.</summary>
    public RunningMean Rewards { get; private set; }

    /// <summary>The margins so far, likewise.</summary>
    public DynamicBeta Margins { get; private set; }

    /// <summary>The step's β, once it has run.</summary>
    public double Beta => _objective.Options.Beta;

    /// <summary>What the step's passes said of their experts, once it has run.</summary>
    public ExpertUse Experts { get; private set; }

    /// <summary>Adds the step's gradients to the parameters' and gives its figures, for the metrics.</summary>
    /// <param name="check">Sees each micro-batch's share of the objective, with its examples, before it goes back.</param>
    /// <returns>The objective, and all of the step's figures as one batch.</returns>
    public (double Loss, RowFigures Figures, LossBatch Batch) Backward(Action<float, int[]> check, CancellationToken cancellation)
    {
        var whole = _objective.NeedsWholeStep && _plan.MicroBatches.Count > 1 ? FiguresOfStep(cancellation) : null;
        var parts = new List<RowFigures>();
        Experts = new(_routerAux);
        var loss = 0.0;
        var start = 0;
        foreach (var microBatch in _plan.MicroBatches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (pass, figures) = Forward(microBatch, start);
            if (start == 0)
            {
                FollowMargins(whole ?? figures.Detach());
                FollowRewards(whole ?? figures.Detach());
            }
            var value = _objective.Of(whole is null ? Batch(figures, start) : Batch(whole.With(figures, start), 0));
            var share = value.item<float>();
            check(share, whole is null ? microBatch : [.. _plan.MicroBatches.SelectMany(m => m)]);
            loss = whole is null ? loss + share : share;
            value.backward();
            Count(pass, microBatch);
            pass.Backward();
            parts.Add(figures.Detach().MoveToOuterDisposeScope());
            start += microBatch.Length;
        }
        var all = RowFigures.Join(parts);
        return (loss + Experts.Loss, all, Batch(all, 0));
    }

    /// <summary>The step's figures alone: the objective, and all of them as one batch.</summary>
    public (double Loss, RowFigures Figures, LossBatch Batch) Evaluate(CancellationToken cancellation)
    {
        using var gradients = no_grad();
        Experts = new(_routerAux);
        var figures = FiguresOfStep(cancellation, Count);
        var batch = Batch(figures, 0);
        return (_objective.Of(batch).item<float>() + Experts.Loss, figures, batch);
    }

    /// <summary>The step's β is by its own margins.</summary>
    private void FollowMargins(RowFigures step)
    {
        var options = _objective.Options;
        if (options.DynamicBeta > 0)
        {
            var mean = _objective.MeanMargin(Batch(step, 0));
            Margins = Margins.With(mean);
            _objective = new Objective(options with { Beta = (float)Margins.Of(options.Beta, options.DynamicBeta, mean) });
        }
    }

    /// <summary>The shift of the step's losses includes the step's own rewards.</summary>
    private void FollowRewards(RowFigures step)
    {
        if (_objective.Options.BcoRewardMean)
        {
            Rewards = Rewards.With(_objective.MeanReward(Batch(step, 0)), 2L * _plan.Examples);
        }
    }

    /// <param name="see">Gets each pass with its examples.</param>
    private RowFigures FiguresOfStep(CancellationToken cancellation, Action<ForwardPass, int[]>? see = null)
    {
        using var gradients = no_grad();
        var parts = new List<RowFigures>();
        var start = 0;
        foreach (var microBatch in _plan.MicroBatches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (pass, figures) = Forward(microBatch, start);
            see?.Invoke(pass, microBatch);
            parts.Add(figures.Detach().MoveToOuterDisposeScope());
            start += microBatch.Length;
        }
        return RowFigures.Join(parts);
    }

    /// <summary>Takes in where a pass's tokens went; it can go back only after that.</summary>
    private void Count(ForwardPass pass, int[] microBatch)
    {
        if (pass.Load is { } load)
        {
            Experts.Add(load, load.Finish(), ShareOf(microBatch));
        }
    }

    private double ShareOf(int[] microBatch) => (double)microBatch.Length / _plan.Examples;

    /// <param name="start">The step's example that the micro-batch begins with: it draws the same dropout however often it is run.</param>
    private (ForwardPass Pass, RowFigures Figures) Forward(int[] microBatch, int start)
    {
        var packed = PackedExamples.Create(Array.ConvertAll(microBatch, i => _examples[i]), _model.Unlearned);
        var routers = _model.Config.Experts is null
            ? null
            : new RouterQuestion(packed.CountRows(), _routerAux * ShareOf(microBatch));
        var pass = _model.Forward(packed.Batch, _lora, _objective.Options.Wpo, _dropout?.At(start), routers);
        return (pass, RowFigures.Of(pass.TokenLogProbs, pass.Output, new(packed, _objective.Options.LdAlpha, _model.Device)));
    }

    /// <summary>Figures as the losses see them.</summary>
    /// <param name="start">The step's example that they begin with.</param>
    private LossBatch Batch(RowFigures figures, int start)
    {
        var count = figures.Tokens.size(1);
        return figures.ToLossBatch(_reference.narrow(1, start, count), _labels.narrow(0, start, count), _plan) with
        {
            RewardShift = (float)Rewards.Value,
        };
    }
}
