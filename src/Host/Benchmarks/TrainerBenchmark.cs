using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Our trainer against the peer script on one shape.</summary>
/// <param name="Mode"><c>lora</c> or <c>full</c>.</param>
/// <param name="Ratio">Our real tokens per second over the peer's.</param>
/// <param name="MemoryRatio">Our peak memory over the peer's.</param>
/// <param name="PeakShare">Share of our step that products of the weights would take at the machine's peak.</param>
public sealed record TrainerBenchmarkResult(
    string Shape, string Mode, double Ratio, double MemoryRatio, double PeakShare, TrainerMeasurement Ours, TrainerMeasurement Peer);

/// <summary>
/// Measures the trainer and <c>bench/peers/torch_dpo_step.py</c> in turn, each in a process of its own and in the same environment, on
/// steps that count the reference's pass on both sides. The peer is taken at its best of 1 and 2 threads with and without bfloat16.
/// </summary>
/// <param name="worker">A command line that runs <see cref="TrainerMeasurement.RunWorker"/> with the arguments put after it.</param>
/// <param name="peerScript">The peer script's path.</param>
/// <param name="peak">Floating-point operations a second of large products.</param>
public sealed class TrainerBenchmark(IReadOnlyList<string> worker, string peerScript, double peak)
{
    // The interpreter that Debian's python3-torch belongs to, whatever else is on the path.
    private const string Python = "/usr/bin/python3";

    private static readonly string[][] PeerSettings =
        [["--threads", "1"], ["--threads", "2"], ["--threads", "1", "--bf16"], ["--threads", "2", "--bf16"]];

    public IEnumerable<TrainerBenchmarkResult> Run(
        IReadOnlyList<TrainerShape> shapes, IReadOnlyList<string> modes, CancellationToken cancellation)
    {
        foreach (var shape in shapes)
        {
            foreach (var mode in modes)
            {
                // Several steps: the first ones are slow, and a wrong choice would flatter us.
                var trial = shape with { Steps = Math.Min(shape.Steps, 5), Pairs = Math.Min(shape.Pairs, shape.TrialPairs) };
                var setting = PeerSettings.Where(setting => shape.Turns > 1 || setting.Contains("2")).MaxBy(setting => MeasurePeer(trial, mode, setting, cancellation).RealTokensPerSecond)!;
                var turns = Enumerable.Range(0, shape.Turns).Select(_ => (Ours: MeasureOurs(shape, mode, cancellation), Peer: MeasurePeer(shape, mode, setting, cancellation))).ToList();
                var (ours, peer) = (Median(turns.Select(turn => turn.Ours)), Median(turns.Select(turn => turn.Peer)));
                var share = StepTimer.CountProducts(shape.Model, shape.CreatePairs(), mode == "full") / ours.SecondsPerStep / peak;
                yield return new(
                    shape.Name, mode, ours.RealTokensPerSecond / peer.RealTokensPerSecond, (double)ours.PeakRssMib / peer.PeakRssMib, share, ours, peer);
            }
        }
    }

    internal static TrainerMeasurement Median(IEnumerable<TrainerMeasurement> turns)
    {
        var ordered = turns.OrderBy(turn => turn.RealTokensPerSecond).ToList();
        return ordered[ordered.Count / 2];
    }

    private TrainerMeasurement MeasureOurs(TrainerShape shape, string mode, CancellationToken cancellation) =>
        Measure([.. worker, JsonSerializer.Serialize(shape), mode, "2"], cancellation);

    private TrainerMeasurement MeasurePeer(TrainerShape shape, string mode, string[] setting, CancellationToken cancellation) => Measure(
    [
        .. Texts(
            Python, peerScript, "--prompt", shape.Prompt, "--completion", shape.Completion, "--pairs", shape.Pairs, "--vocab", shape.Vocabulary,
            "--steps", shape.Steps, "--warmup", Math.Min(2, shape.Steps), "--mode", mode),
        .. setting,
    ], cancellation);

    /// <exception cref="BenchmarkException">The command cannot be run, or failed.</exception>
    /// <exception cref="OperationCanceledException">The command was ended, too.</exception>
    internal static TrainerMeasurement Measure(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Console.Error.WriteLine($"measuring: {string.Join(' ', command)}");
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true };
        if (Avx512F.IsSupported)
        {
            // This OpenBLAS takes newer AMD processors for ones without AVX-512.
            start.Environment["OPENBLAS_CORETYPE"] = "SKYLAKEX";
        }
        using var process = Start(start);
        using var ending = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<TrainerMeasurement>(output)!
            : throw new BenchmarkException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {output}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new BenchmarkException($"'{start.FileName}' cannot be run: {e.Message}. Install what ./dpo doctor names.");
        }
    }

    private static string[] Texts(params object[] parts) => [.. parts.Select(part => FormattableString.Invariant($"{part}"))];
}
