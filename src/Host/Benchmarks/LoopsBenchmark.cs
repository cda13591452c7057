using System.Text.Json;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Our trainer's step with all of its own loops, against the same step with LibTorch's operations for some of them.</summary>
/// <param name="Mode"><c>lora</c> or <c>full</c>.</param>
/// <param name="Loops">Those that were left to LibTorch.</param>
/// <param name="Ratio">The step's time with LibTorch's operations over that with our own loops: what these loops gain.</param>
/// <param name="MemoryRatio">Peak memory with our own loops over that with LibTorch's operations.</param>
public sealed record LoopsBenchmarkResult(
    string Shape, string Mode, string Loops, double Ratio, double MemoryRatio, TrainerMeasurement OwnLoops, TrainerMeasurement Library);

/// <summary>Measures all of them in turns, each in a process of its own; the median turn counts.</summary>
/// <param name="worker">A command line that runs <see cref="TrainerMeasurement.RunWorker"/> with the arguments put after it.</param>
public sealed class LoopsBenchmark(IReadOnlyList<string> worker)
{
    private const int Turns = 5;

    /// <summary>All loops together, and each kind alone.</summary>
    private static readonly OwnLoops[] _library = [OwnLoops.All, OwnLoops.Norms, OwnLoops.Gates, OwnLoops.Attention];

    public IEnumerable<LoopsBenchmarkResult> Run(
        IReadOnlyList<TrainerShape> shapes,
        IReadOnlyList<string> modes,
        CancellationToken cancellation
    ) => shapes.SelectMany(shape => modes.SelectMany(mode => Measure(shape, mode, cancellation)));

    private IEnumerable<LoopsBenchmarkResult> Measure(TrainerShape shape, string mode, CancellationToken cancellation)
    {
        TrainerMeasurement Step(OwnLoops library) =>
            MeasuredProcess.Run([.. worker, JsonSerializer.Serialize(shape), mode, "2", library.ToString()], cancellation);
        var turns = Enumerable.Range(0, Turns).Select(_ => (Own: Step(OwnLoops.None), Library: Array.ConvertAll(_library, Step))).ToList();
        var own = MeasuredProcess.Median(turns.Select(turn => turn.Own));
        return _library.Select((loops, i) =>
        {
            var library = MeasuredProcess.Median(turns.Select(turn => turn.Library[i]));
            return new LoopsBenchmarkResult(
                shape.Name,
                mode,
                loops.ToString(),
                library.SecondsPerStep / own.SecondsPerStep,
                (double)own.PeakRssMib / library.PeakRssMib,
                own,
                library);
        });
    }
}
