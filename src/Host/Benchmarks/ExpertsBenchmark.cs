using System.Text.Json;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A step of 8 experts of which 2 are used, against one of the dense model that has their width together.</summary>
/// <param name="Mode"><c>lora</c> or <c>full</c>.</param>
/// <param name="Ratio">The step's time with experts over that of the dense model.</param>
public sealed record ExpertsBenchmarkResult(
    string Shape, string Mode, double Ratio, double MemoryRatio, TrainerMeasurement Experts, TrainerMeasurement Dense);

/// <summary>Measures both of llama's shapes in turns, each in a process of its own; the median turn counts.</summary>
/// <param name="worker">A command line that runs <see cref="TrainerMeasurement.RunWorker"/> with the arguments put after it.</param>
public sealed class ExpertsBenchmark(IReadOnlyList<string> worker)
{
    private const int Experts = 8, Used = 2, Turns = 3;

    public IEnumerable<ExpertsBenchmarkResult> Run(
        IReadOnlyList<TrainerShape> shapes,
        IReadOnlyList<string> modes,
        CancellationToken cancellation
    ) => shapes.Where(shape => shape.Family == TrainerShape.PeersFamily)
        .SelectMany(shape => modes.Select(mode => Measure(shape, mode, cancellation)));

    private ExpertsBenchmarkResult Measure(TrainerShape shape, string mode, CancellationToken cancellation)
    {
        TrainerMeasurement Step(TrainerShape of) =>
            MeasuredProcess.Run([.. worker, JsonSerializer.Serialize(of), mode, "2"], cancellation);
        var mixture = shape with { Experts = Experts, Used = Used };
        var turns = Enumerable.Range(0, Turns).Select(_ => (Experts: Step(mixture), Dense: Step(shape))).ToList();
        var (experts, dense) = (
            MeasuredProcess.Median(turns.Select(turn => turn.Experts)), MeasuredProcess.Median(turns.Select(turn => turn.Dense)));
        return new(
            shape.Name, mode, experts.SecondsPerStep / dense.SecondsPerStep, (double)experts.PeakRssMib / dense.PeakRssMib, experts, dense);
    }
}
