using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>How a side of the trainer benchmark may compute.</summary>
public sealed record TrainerSetting(int Threads, bool BFloat16);

/// <summary>Somebody who takes the benchmark's steps: our trainer, or a peer.</summary>
/// <param name="Settings">Those that it is tried at.</param>
/// <param name="Command">The command line that measures a shape in a mode at a setting, in a process of its own.</param>
/// <param name="Environment">What that process needs in its environment to be at its best.</param>
public sealed record TrainerSide(
    IReadOnlyList<TrainerSetting> Settings,
    Func<TrainerShape, string, TrainerSetting, IReadOnlyList<string>> Command,
    IReadOnlyDictionary<string, string>? Environment = null)
{
    // The interpreter that Debian's python3-torch belongs to, whatever else is on the path.
    private const string Python = "/usr/bin/python3";

    // A matrix of the large vocabulary has 31.25 MiB, just too little to be mapped by itself under ./dpo's settings. In glibc's heap each
    // step would leave holes that its gradients do not fit into again, and a peer would grow by three of them a step.
    private static readonly KeyValuePair<string, string> _mapLargeMatrices = new("MALLOC_MMAP_THRESHOLD_", $"{31 << 20}");

    private static readonly TrainerSetting[] _all = [new(1, false), new(2, false), new(1, true), new(2, true)];

    /// <summary>Our trainer, whose products are bfloat16.</summary>
    /// <param name="worker">Runs <see cref="TrainerMeasurement.RunWorker"/> with the arguments put after it.</param>
    public static TrainerSide Ours(IReadOnlyList<string> worker) => new(
        [.. _all.Where(setting => setting.BFloat16)],
        (shape, mode, setting) => [.. worker, JsonSerializer.Serialize(shape), mode, $"{setting.Threads}"]);

    /// <summary>The eager step on the LibTorch that we use.</summary>
    /// <param name="worker">Runs <see cref="TrainerMeasurement.RunPeer"/> with the arguments put after it.</param>
    public static TrainerSide EagerLibTorch(IReadOnlyList<string> worker) => new(
        _all,
        (shape, mode, setting) =>
            [
                .. worker,
                JsonSerializer.Serialize(shape),
                mode,
                $"{setting.Threads}",
                .. setting.BFloat16 ? [TrainerMeasurement.Half] : Array.Empty<string>(),
            ],
        new Dictionary<string, string>([_mapLargeMatrices]));

    /// <summary>The peer script on the distribution's PyTorch, or null, with a line on how to have it, where there is none.</summary>
    /// <param name="script"><c>bench/peers/torch_dpo_step.py</c>.</param>
    public static TrainerSide? FindEagerPyTorch(string script, TextWriter progress)
    {
        if (!HasPyTorch())
        {
            progress.WriteLine(
                $"{Python} has no PyTorch: the peer is eager LibTorch alone. To have both: apt-get install python3-torch libopenblas0-openmp");
            return null;
        }
        var environment = new Dictionary<string, string>([_mapLargeMatrices]);
        if (Avx512F.IsSupported)
        {
            // This OpenBLAS takes newer AMD processors for ones without AVX-512.
            environment.Add("OPENBLAS_CORETYPE", "SKYLAKEX");
        }
        return new(_all, (shape, mode, setting) =>
        [
            Python,
            script,
            "--prompt",
            $"{shape.Prompt}",
            "--completion",
            $"{shape.Completion}",
            "--pairs",
            $"{shape.Pairs}",
            "--vocab",
            $"{shape.Vocabulary}",
            "--steps", $"{shape.Steps}", "--warmup", $"{shape.Warmup}", "--mode", mode,
            "--threads", $"{setting.Threads}", .. setting.BFloat16 ? ["--bf16"] : Array.Empty<string>(),
        ], environment);
    }

    /// <summary>The setting that takes the fewest seconds, and so the side as it is to be measured.</summary>
    /// <param name="candidates">Of the settings, those that come into question.</param>
    public Func<TrainerMeasurement> AtBest(
        TrainerShape shape,
        string mode,
        Func<TrainerSetting, bool> candidates,
        CancellationToken cancellation)
    {
        TrainerSetting[] tried = [.. Settings.Where(candidates)];
        var best =
            tried.Length == 1 ? tried[0] : tried.MaxBy(setting => Measure(shape.Trial, mode, setting, cancellation).RealTokensPerSecond)!;
        return () => Measure(shape, mode, best, cancellation);
    }

    private TrainerMeasurement Measure(TrainerShape shape, string mode, TrainerSetting setting, CancellationToken cancellation) =>
        MeasuredProcess.Run(Command(shape, mode, setting), cancellation, Environment);

    private static bool HasPyTorch()
    {
        if (!File.Exists(Python))
        {
            return false;
        }
        using var process = MeasuredProcess.Start(new ProcessStartInfo(Python, ["-c", "import torch"]) { RedirectStandardError = true });
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
