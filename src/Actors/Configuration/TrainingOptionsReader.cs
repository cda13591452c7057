using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Reads the section <c>campaign.training</c>.</summary>
internal static class TrainingOptionsReader
{
    private static readonly string[] ComputeTypes = ["float32", "bfloat16"];

    public static TrainingOptions Read(SettingsReader training, int threads)
    {
        var options = new TrainingOptions(
            ReadLoss(training.Section("loss")),
            ReadLora(training.Section("lora")),
            training.PositiveFloat("learning-rate"),
            training.Float("adam-beta1", 0, 0.99999),
            training.Float("adam-beta2", 0, 0.99999),
            training.PositiveFloat("adam-epsilon"),
            training.Float("weight-decay", 0),
            training.Int("warmup-steps", 0),
            training.Choice<LearningRateSchedule>("schedule"),
            training.Float("final-learning-rate-ratio", 0, 1),
            training.Float("max-grad-norm", 0),
            training.Int("epochs", 1, 1000),
            training.Int("batch-pairs", 1, 100_000),
            training.Int("micro-batch-tokens", 2, 100_000_000),
            training.Int("max-length", 2, 10_000_000),
            training.Choice("compute-type", ComputeTypes) == "bfloat16" ? ComputeType.BFloat16 : ComputeType.Float32,
            threads,
            training.Int("checkpoint-steps", 1),
            training.Choice<OptimizerKind>("optimizer"),
            training.Float("lion-beta1", 0, 0.99999),
            training.Float("lion-beta2", 0, TrainingOptions.HighestLionBeta2),
            training.Float("warmup-ratio", 0, 1),
            training.Int("max-steps", 0),
            training.Float("validation-share", 0, 0.9),
            training.Int("evaluation-steps", 0),
            training.Int("early-stopping-patience", 0),
            ReadReferenceSync(training.Section("reference-sync")),
            training.Choice("gradient-checkpointing", ["false", "true"]) == "true");
        CheckTogether(training, options);
        return options;
    }

    private static ReferenceSyncOptions? ReadReferenceSync(SettingsReader sync)
    {
        var options = new ReferenceSyncOptions(sync.Int("steps", 0), sync.Float("mix", 0.0001, 1));
        return options.Steps == 0 ? null : options;
    }

    private static void CheckTogether(SettingsReader training, TrainingOptions options)
    {
        if (options.EvaluationSteps > 0 && options.ValidationShare == 0)
        {
            throw training.Invalid("evaluation-steps", $"{options.EvaluationSteps}", "there is nothing to evaluate on; set training.validation-share, or 0 here");
        }
        if (options.EarlyStoppingPatience > 0 && options.EvaluationSteps == 0)
        {
            throw training.Invalid(
                "early-stopping-patience", $"{options.EarlyStoppingPatience}", "there is one evaluation, at the end; set training.evaluation-steps, or 0 here");
        }
    }

    /// <summary>Ranges, and what goes with what, are the losses' own business: their rules name the key.</summary>
    private static LossOptions ReadLoss(SettingsReader loss)
    {
        var names = loss.Choices("type", [.. PreferenceLosses.Names], orOne: true);
        var weights = loss.Floats("weights");
        if (weights.Count > 0 && weights.Count != names.Count)
        {
            throw loss.Invalid("weights", $"[{string.Join(", ", weights)}]", $"it must have a weight for each of {string.Join(", ", names)}, or none");
        }
        var options = new LossOptions(
            [.. names.Select((name, i) => new WeightedLoss(name, weights.Count == 0 ? 1 : weights[i]))],
            loss.Number("beta"),
            loss.Number("label-smoothing"),
            loss.Switch("probabilistic-labels"),
            loss.Choice<FDivergence>("f-divergence"),
            loss.Number("alpha-divergence-coefficient"),
            loss.Number("ld-alpha"),
            loss.Switch("wpo"),
            loss.Switch("reference-free"),
            loss.Switch("ipo-on-sums"),
            loss.Switch("bco-reward-mean"),
            loss.Number("discopop-tau"),
            loss.Number("simpo-gamma"),
            loss.NumberOrOff("gamma-beta-ratio"),
            loss.Number("alphapo-alpha"),
            loss.Number("cpo-alpha"),
            loss.Number("desirable-weight"),
            loss.Number("undesirable-weight"),
            ReadConstraints(loss));
        return LossRules.FirstViolation(options) is { } violation ? throw loss.Invalid(violation.Key, violation.Value, violation.Rule) : options;
    }

    private static IReadOnlyList<LossConstraint> ReadConstraints(SettingsReader loss)
    {
        var constraints = loss.Section("constraints");
        return [.. loss.Sections("constraints").Select(name => (Name: name, Settings: constraints.Section(name))).Select(constraint => new LossConstraint(
            constraint.Name,
            constraint.Settings.Choice("score", [.. ConstraintScores.All.Select(score => score.Name)]),
            constraint.Settings.Number("limit"),
            constraint.Settings.Number("weight")))];
    }

    /// <summary>A round publishes its adapter, so a campaign always has one; whole models are trained by the trainer alone.</summary>
    private static LoraOptions ReadLora(SettingsReader lora) => new(
        lora.Int("rank", 1, 4096),
        lora.PositiveFloat("alpha"),
        lora.Choices("targets", ModelConfig.BlockMaps, orOne: true, orAlso: LoraTargets.IsPattern),
        lora.Choice("use-rslora", ["false", "true"]) == "true",
        lora.Float("dropout", 0, 0.99));
}
