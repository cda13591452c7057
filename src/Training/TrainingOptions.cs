namespace IterativeDpo.Training;

public enum ComputeType { Float32, BFloat16 }

public enum LearningRateSchedule { Constant, Linear, Cosine }

/// <summary>LoRA's shape (arXiv 2106.09685): y = Wx + (alpha / rank) B A x on every target map.</summary>
/// <param name="Targets">Maps of each block by their GGUF names: attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down.</param>
public sealed record LoraOptions(int Rank, float Alpha, IReadOnlyList<string> Targets);

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
