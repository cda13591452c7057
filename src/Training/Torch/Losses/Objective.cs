using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>
/// What a step minimises: the weighted sum of its losses' means. Means are over the whole step, so that a step's micro-batches add up
/// to the same figure however it is split.
/// </summary>
public sealed class Objective
{
    private readonly IReadOnlyList<(PreferenceLoss Loss, float Weight)> _losses;

    /// <exception cref="Artifacts.UserInputException">An unknown loss.</exception>
    public Objective(LossOptions options)
    {
        Options = options;
        _losses = [.. options.Losses.Select(loss => (PreferenceLosses.Named(loss.Name), loss.Weight))];
    }

    public LossOptions Options { get; }

    /// <summary>Whether a batch must hold all of a step's examples.</summary>
    public bool NeedsWholeStep => _losses.Any(l => l.Loss.NeedsWholeStep);

    /// <summary>Whether it learns from labelled completions instead of pairs.</summary>
    public bool Unpaired => _losses.Any(l => l.Loss.Unpaired);

    /// <summary>The batch's share of the objective.</summary>
    public Tensor Of(LossBatch batch)
    {
        var weights = Options.Wpo ? (batch.First.Confidence! + batch.Second.Confidence!).exp() : null;
        Tensor Share(PreferenceLoss loss)
        {
            var losses = loss.Compute(batch, Options);
            return (weights is null ? losses : losses * weights).sum() / batch.StepExamples;
        }
        return _losses.Select(l => Share(l.Loss) * l.Weight).Aggregate((sum, next) => sum + next);
    }
}
