namespace IterativeDpo.Training.Seed;

/// <summary>
/// How a bundled policy is made from random weights. Every default is the seed policy's; docs/experiments.md says how they
/// were found. The same options on the same machine and build give the same file.
/// </summary>
/// <param name="OutputPath">The GGUF to write; its recipe goes beside it as <c>.json</c>.</param>
/// <param name="Seed">Seeds the first weights and every batch.</param>
/// <param name="Threads">Processor threads. The matrices are so small that a second one gains little, and other work on its core makes it a
/// loss.</param>
/// <param name="CleanSteps">Steps of the first phase, on right answers only.</param>
/// <param name="NoisySteps">Steps of the second phase, on mostly imperfect answers while the rates fall.</param>
/// <param name="BatchExamples">Examples to a step.</param>
/// <param name="CopySteps">The first steps, over which copying gives way to the tasks: without it they are not learned at all.</param>
/// <param name="CopyShare">The share of copying in the first batch.</param>
/// <param name="SloppyShare">Second phase: the share of near misses.</param>
/// <param name="ChattyShare">Second phase: the share of right answers wrapped in talk.</param>
/// <param name="MuonLearningRate">Peak rate of the block matrices.</param>
/// <param name="AdamLearningRate">Peak rate of the embedding, the output map and the norms.</param>
/// <param name="WarmupSteps">Steps over which both rates rise.</param>
/// <param name="FinalLearningRateRatio">Where both end, as a share of the peak.</param>
/// <param name="MaxGradNorm">Global norm the gradient is clipped to.</param>
/// <param name="HeldOutPerTask">Held-out prompts of every task that the model is measured on.</param>
/// <param name="OpenTasks">It learns the tasks with many right answers in place of those with one.</param>
public sealed record SeedOptions(
    string OutputPath,
    ulong Seed = 1,
    int Threads = 1,
    int CleanSteps = 2000,
    int NoisySteps = 800,
    int BatchExamples = 64,
    int CopySteps = 400,
    double CopyShare = 0.8,
    double SloppyShare = 0.27,
    double ChattyShare = 0.48,
    double MuonLearningRate = 0.02,
    double AdamLearningRate = 3e-3,
    int WarmupSteps = 50,
    double FinalLearningRateRatio = 0.05,
    double MaxGradNorm = 1,
    int HeldOutPerTask = 100,
    bool OpenTasks = false)
{
    /// <summary>
    /// The policy of the open tasks: right answers only, and few of them, so that it knows many ways to answer and is sure of none.
    /// </summary>
    public static SeedOptions Open(string outputPath) =>
        new(outputPath, CleanSteps: 1000, NoisySteps: 400, CopySteps: 300, SloppyShare: 0, ChattyShare: 0, OpenTasks: true);

    public int Steps => CleanSteps + NoisySteps;

    /// <summary>The share of the peak rates at a step, from 0: a rise, a plateau, and a straight fall over the second phase.</summary>
    public double RateShare(int step)
    {
        if (step < WarmupSteps)
        {
            return (step + 1.0) / WarmupSteps;
        }
        var fall = step < CleanSteps ? 0 : (step - CleanSteps + 1.0) / NoisySteps;
        return 1 - fall * (1 - FinalLearningRateRatio);
    }
}
