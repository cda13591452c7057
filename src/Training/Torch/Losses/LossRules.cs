using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>
/// Which <see cref="LossOptions"/> have a meaning. What has none is refused, so that no setting is silently without effect.
/// </summary>
public static class LossRules
{
    /// <summary>The first rule that is broken, or null.</summary>
    public static SettingViolation? FirstViolation(LossOptions options) => Violations(options).FirstOrDefault();

    public static IEnumerable<SettingViolation> Violations(LossOptions options) =>
        Losses(options).Concat(Setting.OutOfRange(options)).Concat(Together(options)).Concat(Constraints(options));

    private static IEnumerable<SettingViolation> Losses(LossOptions options)
    {
        if (options.Losses.Count == 0)
        {
            yield return new("type", "", "it must name at least one loss");
        }
        foreach (var loss in options.Losses)
        {
            if (!PreferenceLosses.Names.Contains(loss.Name))
            {
                yield return new("type", $"'{loss.Name}'", $"it must be one of {string.Join(", ", PreferenceLosses.Names)}");
            }
            if (!(loss.Weight > 0 && float.IsFinite(loss.Weight)))
            {
                yield return new(
                    "weights",
                    $"{loss.Weight}",
                    $"the weight of {loss.Name} must be a number above 0; leave the loss out instead");
            }
        }
        var chosen = Chosen(options);
        if (chosen.Distinct().Count() < chosen.Count)
        {
            yield return new("type", NamesOf(chosen), "it must name no loss twice; one weight says it all");
        }
        if (chosen.Any(l => l.Unpaired) && !chosen.All(l => l.Unpaired))
        {
            yield return new("type", NamesOf(chosen), $"{NamesOf(chosen.Where(l => l.Unpaired))} learns from labelled completions and "
                + $"{NamesOf(chosen.Where(l => !l.Unpaired))} from pairs, and a step has one kind; train in two runs");
        }
    }

    private static IEnumerable<SettingViolation> Together(LossOptions options)
    {
        var chosen = Chosen(options);
        foreach (var setting in LossRanges.Changed(options).Where(setting => !chosen.Any(l => l.Reads.HasFlag(setting))))
        {
            yield return new(LossRanges.KeyOf(setting), LossRanges.TextOf(setting, options),
                $"{NamesOf(chosen)} does not read it, and it would be without effect; it is for {NamesOf(PreferenceLosses.All.Where(l => l.Reads.HasFlag(setting)))}");
        }
        if (options.ProbabilisticLabels && options.LabelSmoothing > 0)
        {
            yield return new(
                "label-smoothing",
                $"{options.LabelSmoothing}",
                "with probabilistic-labels each pair's own probability takes its place; choose one of the two");
        }
        var hard = chosen
            .Where(l => l.Reads.HasFlag(LossSettings.LabelSmoothing) && !l.Reads.HasFlag(LossSettings.ProbabilisticLabels))
            .ToArray();
        if (options.ProbabilisticLabels && hard.Length > 0)
        {
            yield return new(
                "probabilistic-labels",
                "on",
                $"{NamesOf(hard)} would take every label for certain beside it; leave it out, or set off");
        }
        if (options.GammaBetaRatio is not null && LossRanges.Changed(options).Contains(LossSettings.SimpoGamma))
        {
            yield return new(
                "gamma-beta-ratio",
                $"{options.GammaBetaRatio}",
                "simpo-gamma is set too, and the margin has one value; choose one of the two");
        }
        if (options.FDivergence != FDivergence.AlphaDivergence
            && options.AlphaDivergenceCoefficient != LossRanges.Default.AlphaDivergenceCoefficient)
        {
            yield return new(
                "alpha-divergence-coefficient",
                $"{options.AlphaDivergenceCoefficient}",
                "it is for f-divergence = alpha-divergence");
        }
        if (options.FDivergence != FDivergence.ReverseKl && options.ReferenceFree)
        {
            yield return new(
                "f-divergence",
                LossRanges.TextOf(LossSettings.FDivergence, options),
                "with reference-free there is nothing to diverge from; choose one of the two");
        }
        // A divergence that held for some of the losses only would be two objectives that contradict each other.
        var others = chosen.Where(l => l.UsesReference && !l.Reads.HasFlag(LossSettings.FDivergence)).ToArray();
        if (options.FDivergence != FDivergence.ReverseKl && others.Length > 0)
        {
            yield return new("f-divergence", LossRanges.TextOf(LossSettings.FDivergence, options),
                $"{NamesOf(others)} is defined by the log-ratio itself and no score of it; it must be reverse-kl");
        }
    }

    private static IEnumerable<SettingViolation> Constraints(LossOptions options)
    {
        var constraints = options.Constraints ?? [];
        foreach (var constraint in constraints)
        {
            var key = $"constraints.{constraint.Name}";
            var score = ConstraintScores.Named(constraint.Score);
            if (constraint.Name.Length == 0)
            {
                yield return new("constraints", "", "each constraint needs a name, which it is logged by");
            }
            if (score is null)
            {
                yield return new(
                    $"{key}.score",
                    constraint.Score,
                    $"it must be one of {string.Join(", ", ConstraintScores.All.Select(s => s.Name))}");
            }
            if (score is { UsesReference: true } && options.ReferenceFree)
            {
                yield return new($"{key}.score", constraint.Score, "with reference-free there is no reference to hold it against");
            }
            if (!float.IsFinite(constraint.Limit))
            {
                yield return new($"{key}.limit", $"{constraint.Limit}", "it must be a number");
            }
            if (!(constraint.Weight > 0 && float.IsFinite(constraint.Weight)))
            {
                yield return new($"{key}.weight", $"{constraint.Weight}", "it must be a number above 0");
            }
        }
        if (constraints.Select(c => c.Name).Distinct().Count() < constraints.Count)
        {
            yield return new("constraints", "", "two have the same name, and are logged by it");
        }
        if (constraints.Count > 0 && Chosen(options).Any(l => l.Unpaired))
        {
            yield return new("constraints", "", $"they are about pairs, and {NamesOf(Chosen(options))} learns from labelled completions");
        }
    }

    /// <summary>The losses that there are.</summary>
    private static IReadOnlyList<PreferenceLoss> Chosen(LossOptions options) =>
        [.. options.Losses.Where(l => PreferenceLosses.Names.Contains(l.Name)).Select(l => PreferenceLosses.Named(l.Name))];

    private static string NamesOf(IEnumerable<PreferenceLoss> losses) => string.Join(", ", losses.Select(loss => loss.Name));
}
