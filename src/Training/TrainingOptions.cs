using System.Text.Json.Serialization;

namespace IterativeDpo.Training;

public enum ComputeType { Float32, BFloat16 }

public enum LearningRateSchedule { Constant, Linear, Cosine }

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
/// <param name="MaxGradNorm">Global norm the gradient is clipped to; 0 is off.</param>
/// <param name="FinalLearningRateRatio">Where the linear and cosine schedules end, as a share of the learning rate.</param>
/// <param name="CheckpointSteps">Steps between checkpoints of the round.</param>
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
    int CheckpointSteps);
