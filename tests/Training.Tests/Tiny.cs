namespace IterativeDpo.Training.Tests;

/// <summary>Small settings that tests vary.</summary>
internal static class Tiny
{
    public static readonly TrainingOptions Options = new(
        Loss: new("sigmoid"),
        Lora: new(4, 8, ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]),
        LearningRate: 1e-2f,
        AdamBeta1: 0.9f,
        AdamBeta2: 0.99f,
        AdamEpsilon: 1e-8f,
        WeightDecay: 0,
        WarmupSteps: 0,
        Schedule: LearningRateSchedule.Constant,
        FinalLearningRateRatio: 0,
        MaxGradNorm: 1,
        Epochs: 1,
        BatchPairs: 4,
        MicroBatchTokens: 64,
        MaxLength: 64,
        ComputeType: ComputeType.Float32,
        Threads: 1,
        CheckpointSteps: 1000);
}
