using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>One side of a comparison, in the words of the peer script's own output.</summary>
/// <param name="RealTokensPerSecond">Tokens that are no padding, the prompt counted for both of a pair's rows, whoever computes it
/// twice.</param>
/// <param name="SecondsPerStep">Of the step of median rate.</param>
/// <param name="PeakRssMib">Most memory the process had.</param>
public sealed record TrainerMeasurement(
    [property: JsonPropertyName("real_tokens_per_second")] double RealTokensPerSecond,
    [property: JsonPropertyName("seconds_per_step")] double SecondsPerStep,
    [property: JsonPropertyName("peak_rss_mib")] int PeakRssMib,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("bf16")] bool BFloat16)
{
    /// <summary>A word of <see cref="RunPeer"/>'s.</summary>
    public const string Half = "bf16";

    /// <summary>
    /// Measures our own trainer in this process and prints the result as JSON. It is run as a process of its own, so that its peak memory
    /// is its own: <c>SHAPE lora|full THREADS [LOOPS]</c>, the shape as JSON; the <see cref="OwnLoops"/> named are left to LibTorch's
    /// operations. Products are bfloat16, as the peer's best are.
    /// </summary>
    public static void RunWorker(IReadOnlyList<string> arguments, TextWriter output) =>
        Run(
            arguments,
            ComputeType.BFloat16,
            output,
            (shape, batches, options) => StepTimer.Measure(
                shape.Model,
                shape.Base,
                batches,
                options,
                arguments.Count > 3 ? Enum.Parse<OwnLoops>(arguments[3]) : OwnLoops.None,
                TimeProvider.System));

    /// <summary>The same for the eager peer on our LibTorch: <c>SHAPE lora|full THREADS [bf16]</c>, without the word in float32.</summary>
    public static void RunPeer(IReadOnlyList<string> arguments, TextWriter output) =>
        Run(
            arguments,
            arguments.Contains(Half) ? ComputeType.BFloat16 : ComputeType.Float32,
            output,
            (shape, batches, options) => StepTimer.MeasurePeer(shape.Model, batches[0], options, batches.Count, TimeProvider.System));

    private static void Run(
        IReadOnlyList<string> arguments, ComputeType type, TextWriter output,
        Func<TrainerShape, IReadOnlyList<PreferencePair[]>, TrainingOptions, IReadOnlyList<double>> measure)
    {
        var shape = JsonSerializer.Deserialize<TrainerShape>(arguments[0])!;
        var options = Options(arguments[1] == "lora", int.Parse(arguments[2], CultureInfo.InvariantCulture), shape.Checkpointing) with
        {
            ComputeType = type,
        };
        PreferencePair[][] batches = [.. Enumerable.Range(0, shape.Warmup + shape.Steps).Select(shape.CreatePairs)];
        var steps = measure(shape, batches, options).Zip(batches.Select(CountTokens)).Skip(shape.Warmup);
        var (seconds, tokens) = steps.OrderBy(step => step.First / step.Second).ElementAt(shape.Steps / 2);
        output.WriteLine(JsonSerializer.Serialize(
            new TrainerMeasurement(tokens / seconds, seconds, PeakMib(), options.Threads, BFloat16: type == ComputeType.BFloat16)));
    }

    private static TrainingOptions Options(bool lora, int threads, bool checkpointing) => new(
        Loss: new("sigmoid"),
        Lora: lora ? new(Rank: 16, Alpha: 32, ModelConfig.BlockMaps) : null,
        LearningRate: 1e-4f, AdamBeta1: 0.9f, AdamBeta2: 0.999f, AdamEpsilon: 1e-8f, WeightDecay: 0.01f,
        WarmupSteps: 0, Schedule: LearningRateSchedule.Constant, FinalLearningRateRatio: 1, MaxGradNorm: 1, Epochs: 1,
        BatchPairs: 1, MicroBatchTokens: 4096, MaxLength: 4096,
        ComputeType.BFloat16, threads, CheckpointSteps: int.MaxValue, GradientCheckpointing: checkpointing);

    /// <summary>The prompt counted for both of a pair's rows.</summary>
    internal static int CountTokens(PreferencePair[] pairs) =>
        pairs.Sum(pair => 2 * pair.PromptIds.Length + pair.ChosenIds.Length + pair.RejectedIds.Length);

    // The kernel's own high-water mark; .NET reports the present size only.
    internal static int PeakMib() => int.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}
