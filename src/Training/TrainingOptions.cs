using System.Text.Json.Serialization;

namespace IterativeDpo.Training;

public enum ComputeType { Float32, BFloat16 }

public enum LearningRateSchedule { Constant, Linear, Cosine }

public enum OptimizerKind { Adamw, Lion }

/// <summary>TR-DPO (arXiv 2404.09656): every so many steps the reference takes a share of the policy, ref ← α π + (1 − α) ref.</summary>
/// <param name="Mix">α, above 0 and at most 1.</param>
public sealed record ReferenceSyncOptions(int Steps, float Mix);

/// <summary>LoRA (arXiv 2106.09685): y = Wx + scale · B A x on every target map.</summary>
/// <param name="Targets">Patterns of map names, see <see cref="LoraTargets"/>.</param>
/// <param name="UseRslora">Whether the scale is alpha / √rank (rank-stabilised, arXiv 2312.03732) and not alpha / rank.</param>
/// <param name="Dropout">The chance that a value of the adapter's input is dropped in training; 0 is off.</param>
public sealed record LoraOptions(int Rank, float Alpha, IReadOnlyList<string> Targets, bool UseRslora = false, float Dropout = 0)
{
    /// <summary>The alpha that gives the scale as alpha / rank, the one form that an adapter file has.</summary>
    [JsonIgnore]
    public float FileAlpha => UseRslora ? Alpha * MathF.Sqrt(Rank) : Alpha;
}

/// <summary>A training round's settings; ranges are checked where the configuration is read.</summary>
/// <param name="Loss">What is minimised.</param>
/// <param name="Lora">The adapter's shape; null trains every weight and writes a whole model.</param>
/// <param name="BatchPairs">Examples to one optimiser step: pairs, or labelled completions.</param>
/// <param name="MicroBatchTokens">Most packed tokens in one forward pass; a step accumulates over as many as it needs.</param>
/// <param name="WarmupSteps">Steps over which the learning rate rises, see <see cref="Training.LearningRate.WarmupOf"/>; <paramref name="WarmupRatio"/> takes their place where it is not 0.</param>
/// <param name="MaxGradNorm">Global norm the gradient is clipped to; 0 is off.</param>
/// <param name="FinalLearningRateRatio">Where the linear and cosine schedules end, as a share of the learning rate.</param>
/// <param name="CheckpointSteps">Steps between checkpoints of the round.</param>
/// <param name="LionBeta1">Lion: share of the moment in a step's direction.</param>
/// <param name="LionBeta2">Lion: decay of the moment, at most <see cref="HighestLionBeta2"/>.</param>
/// <param name="WarmupRatio">The warm-up as a share of the steps; 0 is off.</param>
/// <param name="MaxSteps">Steps in all, whatever the epochs; 0 is off.</param>
/// <param name="ValidationShare">Share of the prompts that is held back; the parameters that did best on it are the result. 0 is off.</param>
/// <param name="EvaluationSteps">Steps between evaluations on it; 0 is one at the end.</param>
/// <param name="EarlyStoppingPatience">Evaluations without improvement after which training ends; 0 is off.</param>
/// <param name="ReferenceSync">A reference that follows the policy; null is a frozen one.</param>
/// <param name="GradientCheckpointing">
/// Keep each block's input only, and compute the block again on the way back: a third more time, and memory that hardly grows with the
/// number of blocks.
/// </param>
public sealed record TrainingOptions(
    LossOptions Loss,
    LoraOptions? Lora,
    float LearningRate,
    float AdamBeta1,
    float AdamBeta2,
    float AdamEpsilon,
    float WeightDecay,
    int WarmupSteps,
    LearningRateSchedule Schedule,
    float FinalLearningRateRatio,
    float MaxGradNorm,
    int Epochs,
    int BatchPairs,
    int MicroBatchTokens,
    int MaxLength,
    ComputeType ComputeType,
    int Threads,
    int CheckpointSteps,
    OptimizerKind Optimizer = OptimizerKind.Adamw,
    float LionBeta1 = 0.9f,
    float LionBeta2 = 0.99f,
    float WarmupRatio = 0,
    int MaxSteps = 0,
    float ValidationShare = 0,
    int EvaluationSteps = 0,
    int EarlyStoppingPatience = 0,
    ReferenceSyncOptions? ReferenceSync = null,
    bool GradientCheckpointing = false)
{
    /// <summary>
    /// Lion's moment is stored in bfloat16, whose spacing is up to 1/128 of a value: an update of less than half of that, 1 − β2 of the
    /// moment, would be lost in the rounding.
    /// </summary>
    public const double HighestLionBeta2 = 0.995;
}
