using System.Text.Json;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Our trainer's step with norms, gates and attention in its own loops, against the same step with LibTorch's operations for them.</summary>
/// <param name="Mode"><c>lora</c> or <c>full</c>.</param>
/// <param name="Ratio">The step's time with LibTorch's operations over that with our own loops.</param>
/// <param name="MemoryRatio">Peak memory with our own loops over that with LibTorch's operations.</param>
public sealed record LoopsBenchmarkResult(
    string Shape, string Mode, double Ratio, double MemoryRatio, TrainerMeasurement OwnLoops, TrainerMeasurement Library);

/// <summary>Measures both in turns, each in a process of its own; the median turn counts.</summary>
/// <param name="worker">A command line that runs <see cref="TrainerMeasurement.RunWorker"/> with the arguments put after it.</param>
public sealed class LoopsBenchmark(IReadOnlyList<string> worker)
{
    private const int Turns = 5;

    public IEnumerable<LoopsBenchmarkResult> Run(IReadOnlyList<TrainerShape> shapes, IReadOnlyList<string> modes, CancellationToken cancellation)
    {
        foreach (var shape in shapes)
        {
            foreach (var mode in modes)
            {
                TrainerMeasurement Measure(params string[] more) =>
                    MeasuredProcess.Run([.. worker, JsonSerializer.Serialize(shape), mode, "2", .. more], cancellation);
                var turns = Enumerable.Range(0, Turns).Select(_ => (Own: Measure(), Library: Measure(TrainerMeasurement.Library))).ToList();
                var (own, library) = (MeasuredProcess.Median(turns.Select(turn => turn.Own)), MeasuredProcess.Median(turns.Select(turn => turn.Library)));
                yield return new(shape.Name, mode, library.SecondsPerStep / own.SecondsPerStep, (double)own.PeakRssMib / library.PeakRssMib, own, library);
            }
        }
    }
}
