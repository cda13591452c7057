using System.Runtime.Serialization;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training;

public enum ComputeType { Float32, [EnumMember(Value = "bfloat16")] BFloat16 }

public enum LearningRateSchedule { Constant, Linear, Cosine }

public enum OptimizerKind { Adamw, Lion }

/// <summary>TR-DPO (arXiv 2404.09656): every so many steps the reference takes a share of the policy, ref ← α π + (1 − α) ref.</summary>
/// <param name="Mix">α.</param>
public sealed record ReferenceSyncOptions(
    [Setting("0 steps: off; the paper has 512.", Default = "0", Min = 0)] int Steps,
    [Setting(Default = "0.6", Min = 0.0001, Max = 1)] float Mix);

/// <summary>LoRA (arXiv 2106.09685): y = Wx + scale · B A x on every target map.</summary>
/// <param name="Targets">See <see cref="LoraTargets"/>.</param>
/// <param name="UseRslora">Rank-stabilised: arXiv 2312.03732.</param>
public sealed record LoraOptions(
    [Setting("Rank of the adapter that a round publishes.", Default = "16", Min = 1, Max = 4096)] int Rank,
    [Setting("The adapter's product is scaled by alpha / rank.", Default = "32", Above = 0)] float Alpha,
    [Setting(
        "Maps that get an adapter: a map's name in every block, \"blk.3.attn_q\" in one, \"*\" for any characters, \"[0-3]\" for a number in that range, as in "
        + "\"blk.[0-3].ffn_*\"; all: every map.",
    Default = "[attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down]",
    OrOne = true)]
    IReadOnlyList<string> Targets,
    [Setting("Scale by alpha / sqrt(rank) instead (rank-stabilised LoRA).")] bool UseRslora = false,
    [Setting("The chance that a value of the adapter's input is dropped in training. 0: off.", Min = 0, Max = 0.99)] float Dropout = 0
) : ICheckedSettings
{
    /// <summary>The alpha that gives the scale as alpha / rank, the one form that an adapter file has.</summary>
    [JsonIgnore]
    public float FileAlpha => UseRslora ? Alpha * MathF.Sqrt(Rank) : Alpha;

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet) =>
        SettingViolation.UnlessSome("targets", Targets, [
            .. ModelConfig.BlockMaps,
            .. Targets.Where(target => LoraTargets.IsPattern(target) || ExpertShape.AllMaps.Contains(target)),
        ]);
}

/// <summary>A training round's settings.</summary>
/// <param name="Lora">Null trains every weight and writes a whole model; a round publishes its adapter, so a campaign always has
/// one.</param>
/// <param name="ReferenceSync">Null is a frozen reference.</param>
public sealed record TrainingOptions(
    [Setting] LossOptions Loss,
    [Setting] LoraOptions? Lora,
    [Setting("The highest learning rate, reached after the warm-up.", Default = "5.0e-5", Above = 0)] float LearningRate,
    [Setting("adamw: decay of the first and of the second moment, term in the denominator.", Default = "0.9", Min = 0, Max = 0.99999)]
        float AdamBeta1,
    [Setting(Default = "0.999", Min = 0, Max = 0.99999)] float AdamBeta2,
    [Setting(Default = "1.0e-8", Above = 0)] float AdamEpsilon,
    [Setting("Decoupled weight decay of the matrices; norms and biases have none. 0: off.", Default = "0", Min = 0)] float WeightDecay,
    [Setting(
        "Steps over which the learning rate rises from 0. 0: off. Where they are more than a quarter of all steps, a tenth of all takes their place, with a warning.",
        Default = "10",
        Min = 0)]
    int WarmupSteps,
    [Setting("constant, linear or cosine, after the warm-up.", Default = "cosine")] LearningRateSchedule Schedule,
    [Setting(
        "The last step's rate under linear and cosine, as a share of the learning rate. 0: the step behind the last one would have 0, so that the last one learns.",
        Default = "0",
        Min = 0,
        Max = 1)]
        float FinalLearningRateRatio,
    [Setting("Global norm the gradient is clipped to. 0: off.", Default = "1", Min = 0)] float MaxGradNorm,
    [Setting("Passes over a round's pairs.", Default = "1", Min = 1, Max = 1000)] int Epochs,
    [Setting("Pairs, or labelled completions, to an optimiser step.", Default = "32", Min = 1, Max = 100_000)] int BatchPairs,
    [Setting(
        "Most tokens in one forward pass; a step accumulates over as many passes as it needs.",
        Default = "4096",
        Min = 2,
        Max = 100_000_000)]
        int MicroBatchTokens,
    [Setting(
        "Most tokens of a prompt and one completion together; longer completions are cut.",
        Default = "1024",
        Min = 2,
        Max = 10_000_000)]
        int MaxLength,
    [Setting(
        "Type of the matrix products: float32 or bfloat16. Log-probabilities and losses are float32 in any case.",
        Default = "bfloat16")]
        ComputeType ComputeType,
    int Threads,
    [Setting("Steps between checkpoints of a round: what a crash can cost.", Default = "20", Min = 1)] int CheckpointSteps,
    [Setting("adamw, or lion: a quarter of its memory; takes a learning rate 3 to 10 times smaller and a weight decay as much larger.")]
    OptimizerKind Optimizer = OptimizerKind.Adamw,
    [Setting("lion: share of the moment in a step's direction, and the moment's decay, at most 0.995.", Min = 0, Max = 0.99999)]
        float LionBeta1 = 0.9f,
    [Setting(Min = 0, Max = TrainingOptions.HighestLionBeta2)] float LionBeta2 = 0.99f,
    [Setting("The warm-up as a share of all steps, in the place of warmup-steps. 0: off.", Min = 0, Max = 1)] float WarmupRatio = 0,
    [Setting("Optimiser steps in all, in the place of the epochs. 0: off.", Min = 0)] int MaxSteps = 0,
    [Setting(
        "Share of the prompts held back from training, with all their pairs; the parameters that do best on them are published. 0: off, and the last parameters are published.",
        Min = 0, Max = 0.9)]
    float ValidationShare = 0,
    [Setting("Steps between evaluations on the prompts held back. 0: only after the last step.", Min = 0)] int EvaluationSteps = 0,
    [Setting("Evaluations in a row without a lower eval_loss after which training ends. 0: off.", Min = 0)] int EarlyStoppingPatience = 0,
    [Setting("A reference that follows the policy (TR-DPO): every so many steps it takes the share \"mix\" of it.")]
        ReferenceSyncOptions? ReferenceSync = null,
    [Setting(
        "Keep less of the forward pass and compute it again on the way back: a third more time, and memory that hardly grows with the number of blocks.")]
    bool GradientCheckpointing = false,
    [Setting(
        "Whether what a model thinks before its answer is learned too. off: the losses are of the answer's tokens alone, in reference, lengths and metrics as well; a completion without an answer after "
        + "its thoughts is learned as it is. Takes a model with a token for their end, such as </think>.")]
    bool LearnThoughts = true,
    [Setting(
        "Share of the pairs that are left out before training, those of the highest CHES score: the policy's hidden states of their two completions are so alike that training on them "
        + "pushes the chosen one down as well (arXiv 2410.08847). 0: off.", Min = 0, Max = 0.99)]
    float ChesDrop = 0,
    [Setting(
        "Mixtures of experts: weight of the auxiliary loss that spreads tokens over the experts, TRL's router_aux_loss_coef. Dense models have none. 0: off, "
        + "and a little faster.",
        Min = 0)]
    float RouterAuxLoss = 0.001f) : ICheckedSettings
{
    /// <summary>
    /// Lion's moment is stored in bfloat16, whose spacing is up to 1/128 of a value: an update of less than half of that, 1 − β2 of the
    /// moment, would be lost in the rounding.
    /// </summary>
    public const double HighestLionBeta2 = 0.995;

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (ChesDrop > 0 && LossRules.FirstViolation(Loss) is null && new Objective(Loss).Unpaired)
        {
            yield return new(
                "ches-drop",
                $"{ChesDrop}",
                $"it is about pairs, and {Loss.NamesOfLosses} learns from labelled completions; set 0");
        }
        if (EvaluationSteps > 0 && ValidationShare == 0)
        {
            yield return new(
                "evaluation-steps",
                $"{EvaluationSteps}",
                "there is nothing to evaluate on; set training.validation-share, or 0 here");
        }
        if (EarlyStoppingPatience > 0 && EvaluationSteps == 0)
        {
            yield return new(
                "early-stopping-patience",
                $"{EarlyStoppingPatience}",
                "there is one evaluation, at the end; set training.evaluation-steps, or 0 here");
        }
    }
}
