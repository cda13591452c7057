using IterativeDpo.Artifacts;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>
/// What a step minimises: the weighted sum of its losses' means, and its constraints' penalties. Means are over the whole step, so that a
/// step's micro-batches add up to the same figure however it is split.
/// </summary>
public sealed class Objective
{
    private readonly IReadOnlyList<(PreferenceLoss Loss, float Weight)> _losses;
    private readonly IReadOnlyList<LossConstraint> _constraints;
    private readonly Func<LossSide, LossOptions, Tensor> _reward;

    /// <exception cref="UserInputException">An unknown loss, a value out of range, or options that do not go together.</exception>
    public Objective(LossOptions options)
    {
        if (LossRules.FirstViolation(options) is { } violation)
        {
            throw new UserInputException($"{violation}.");
        }
        Options = options;
        _losses = [.. options.Losses.Select(loss => (PreferenceLosses.Named(loss.Name), loss.Weight))];
        _constraints = options.Constraints ?? [];
        _reward = _losses.Select(l => l.Loss.Reward).FirstOrDefault(reward => reward is not null) ?? ((side, o) => side.Ratio * o.Beta);
    }

    public LossOptions Options { get; }

    /// <summary>Whether a batch must hold all of a step's examples.</summary>
    public bool NeedsWholeStep => _losses.Any(l => l.Loss.NeedsWholeStep) || Options.BcoRewardMean || Options.DynamicBeta > 0;

    /// <summary>Whether it learns from labelled completions instead of pairs.</summary>
    public bool Unpaired => _losses.Any(l => l.Loss.Unpaired);

    /// <summary>
    /// Whether it reads how probable it is that a pair's chosen completion is the better one, and does not take that for certain.
    /// </summary>
    public bool UsesProbability => Options.ProbabilisticLabels || _losses.Any(l => l.Loss.UsesProbability);

    /// <summary>Whether each of its losses knows what to do with a tie.</summary>
    public bool LearnsTies => _losses.All(l => l.Loss.LearnsTies);

    /// <summary>Whether any part of it is a function of the reference's log-probs.</summary>
    public bool UsesReference =>
        (_losses.Any(l => l.Loss.UsesReference) && !Options.ReferenceFree)
        || _constraints.Any(c => ConstraintScores.Named(c.Score)!.UsesReference);

    /// <summary>
    /// Examples as it learns from them: a pair is two labelled completions to losses of those, and completions that none of them reads
    /// are left out.
    /// </summary>
    /// <exception cref="UserInputException">It learns from pairs, and these are none.</exception>
    public IReadOnlyList<ITrainingExample> ExamplesOf(IReadOnlyList<ITrainingExample> examples)
    {
        if (!Unpaired)
        {
            return examples.All(example => example is PreferencePair)
                ? examples
                : throw new UserInputException(
                    $"the loss {_losses[0].Loss.Name} learns from pairs, and the data has single completions with labels; "
                    + $"choose one of {string.Join(", ", PreferenceLosses.All.Where(l => l.Unpaired).Select(l => l.Name))}, or give it pairs.");
        }
        var labelled = examples.All(example => example is PreferencePair)
            ? LabelledCompletion.FromPairs(examples.Cast<PreferencePair>())
            : examples;
        return _losses.Any(l => l.Loss.UsesMismatched) ? labelled : new WithoutMismatches(labelled);
    }

    /// <summary>The batch's share of the objective.</summary>
    public Tensor Of(LossBatch batch) => Terms(batch).Select(term => term.Value).Aggregate((sum, next) => sum + next);

    /// <summary>The batch's share of each term of the objective, by the name it is logged with.</summary>
    public IEnumerable<(string Name, Tensor Value)> Terms(LossBatch batch)
    {
        var seen = Seen(batch);
        Tensor Share(Tensor values) => (values / batch.StepExamples).sum();
        foreach (var (loss, weight) in _losses)
        {
            var losses = loss.Compute(seen, Options);
            yield return ($"losses/{loss.Name}", Share(Options.Wpo ? losses * Likelihood(batch) : losses) * weight);
        }
        foreach (var constraint in _constraints)
        {
            yield return ($"constraints/{constraint.Name}", Share(ConstraintScores.Penalty(constraint, seen)));
        }
    }

    /// <summary>A completion's implicit reward, [P]: the first loss's that has its own, or β · r.</summary>
    public Tensor Reward(LossSide side) => _reward(side, Options);

    /// <summary>The mean of both sides' βs: what <see cref="LossBatch.RewardShift"/> follows.</summary>
    public double MeanReward(LossBatch batch)
    {
        var (chosen, rejected) = RewardLosses.Rewards(Seen(batch), Options);
        return (chosen.sum() + rejected.sum()).to(ScalarType.Float64).item<double>() / (2 * batch.StepExamples);
    }

    /// <summary>The mean of Δ: what <see cref="DynamicBeta"/> goes by.</summary>
    public double MeanMargin(LossBatch batch) =>
        Scores.Margin(Seen(batch), Options).sum().to(ScalarType.Float64).item<double>() / (Options.Beta * batch.StepExamples);

    /// <summary>Figures that the losses are logged with, by TRL's names: a term each where there are several, and their own.</summary>
    public IEnumerable<(string Name, double Value)> Metrics(LossBatch batch)
    {
        var terms = _losses.Count + _constraints.Count == 1 ? [] : Terms(batch);
        return terms.Concat(_losses.SelectMany(l => l.Loss.Metrics?.Invoke(Seen(batch)) ?? []))
            .Select(term => (term.Name, term.Value.to(ScalarType.Float64).item<double>()));
    }

    /// <summary>WPO's weight of each example: how likely the policy finds what the loss is about, [P].</summary>
    private Tensor Likelihood(LossBatch batch) =>
        (Unpaired ? batch.First.Confidence! : batch.First.Confidence! + batch.Second.Confidence!).exp();

    /// <summary>The batch as the losses see it.</summary>
    internal LossBatch Seen(LossBatch batch) => Options.ReferenceFree
        ? batch with { First = WithoutReference(batch.First), Second = WithoutReference(batch.Second) }
        : batch;

    private static LossSide WithoutReference(LossSide side) => side with { ReferenceLogProbs = zeros_like(side.ReferenceLogProbs) };
}
