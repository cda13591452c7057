using System.Text.Json;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A step of one size.</summary>
/// <param name="Axis">What grows.</param>
/// <param name="Value">How large it is here; for the base's type, bits a weight.</param>
/// <param name="MemoryMib">Peak of the process.</param>
public sealed record ScalingResult(string Axis, double Value, double SecondsPerStep, double RealTokensPerSecond, int MemoryMib);

/// <summary>Measures LoRA steps as one thing grows and the rest stays; each in a process of its own.</summary>
/// <param name="worker">A command line that runs <see cref="TrainerMeasurement.RunWorker"/> with the arguments put after it.</param>
public sealed class ScalingBenchmark(IReadOnlyList<string> worker)
{
    public const string Pairs = "pairs of a step", Length = "tokens of a prompt", Vocabulary = "vocabulary", Layers = "layers",
        PairsPerPrompt = "pairs of a prompt, of 4 prompts", BaseBits = "bits a weight of the base", Experts = "experts, 2 used", Used = "experts used of 16";

    private static readonly TrainerShape Usual = new("", 48, 48, Pairs: 16, Steps: 5);

    private static IEnumerable<(string Axis, double Value, TrainerShape Shape)> Points =>
    [
        .. new[] { 8, 16, 32, 64, 128 }.Select(n => (Pairs, (double)n, Usual with { Pairs = n })),
        .. new[] { 64, 128, 256, 512, 1024, 2048 }.Select(n => (Length, (double)n, Usual with { Prompt = n, Pairs = 4 })),
        .. new[] { 4_000, 8_000, 16_000, 32_000, 64_000 }.Select(n => (Vocabulary, (double)n, Usual with { Vocabulary = n })),
        .. new[] { 3, 6, 12, 24 }.Select(n => (Layers, (double)n, Usual with { Layers = n })),
        .. new[] { 1, 4, 9, 16, 25 }.Select(n => (PairsPerPrompt, (double)n, Usual with { Pairs = 4 * n, PairsPerPrompt = n })),
        .. new[] { 2, 4, 8, 16, 32 }.Select(n => (Experts, (double)n, Usual with { Experts = n, Used = 2 })),
        .. new[] { 1, 2, 4, 8 }.Select(n => (Used, (double)n, Usual with { Experts = 16, Used = n })),
        .. new[] { (16.0, TensorType.F32), (8.5, TensorType.Q8_0), (4.5, TensorType.Q4_K) }
            .Select(n => (BaseBits, n.Item1, Usual with { Dim = 1024, Vocabulary = 32_000, Pairs = 4, Steps = 3, Base = n.Item2 })),
    ];

    public IEnumerable<ScalingResult> Run(CancellationToken cancellation)
    {
        foreach (var (axis, value, shape) in Points)
        {
            var measured = MeasuredProcess.Run([.. worker, JsonSerializer.Serialize(shape), "lora", "2"], cancellation);
            yield return new(axis, value, measured.SecondsPerStep, measured.RealTokensPerSecond, measured.PeakRssMib);
        }
    }
}
