using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Our trainer against eager PyTorch and eager LibTorch on one shape; ratios are to the faster of the two.</summary>
/// <param name="Mode"><c>lora</c> or <c>full</c>.</param>
/// <param name="Neighbours">Busy processes that were beside every side.</param>
/// <param name="Best">The faster peer: <c>pytorch</c> or <c>libtorch</c>.</param>
/// <param name="Ratio">Our real tokens per second over that peer's.</param>
/// <param name="MemoryRatio">Our peak memory over that peer's.</param>
/// <param name="PeakShare">Share of our step that products of the weights would take at the peak of the machine without neighbours.</param>
/// <param name="PeerPytorch">The peer script on the distribution's PyTorch; null where there is none, or the shape is of a
/// family that it does not compute.</param>
/// <param name="PeerLibtorch">The same computation on the LibTorch that we use.</param>
public sealed record TrainerBenchmarkResult(
    string Shape, string Mode, int Neighbours, string Best, double Ratio, double MemoryRatio, double PeakShare,
    TrainerMeasurement Ours, TrainerMeasurement? PeerPytorch, TrainerMeasurement PeerLibtorch);

/// <summary>
/// Measures the trainer and its peers in turns, each in a process of its own and in the same environment, on steps that count the
/// reference's pass on every side, and each at its best of 1 and 2 threads, the peers with and without bfloat16.
/// </summary>
/// <param name="pytorch">Null where the machine has none.</param>
/// <param name="peak">Floating-point operations a second of large products.</param>
/// <param name="neighbours">How many are on the machine now; the caller has them.</param>
public sealed class TrainerBenchmark(TrainerSide ours, TrainerSide? pytorch, TrainerSide libtorch, double peak, int neighbours)
{
    public IEnumerable<TrainerBenchmarkResult> Run(
        IReadOnlyList<TrainerShape> shapes, IReadOnlyList<string> modes, CancellationToken cancellation) =>
        shapes.SelectMany(shape => modes.Select(mode => Measure(shape, mode, cancellation)));

    private TrainerBenchmarkResult Measure(TrainerShape shape, string mode, CancellationToken cancellation)
    {
        // The script computes llama alone.
        var script = shape.Family == TrainerShape.PeersFamily ? pytorch : null;
        // A shape of a single turn takes minutes a step: on an idle machine its threads are not in question.
        bool InQuestion(TrainerSetting setting) => shape.Turns > 1 || neighbours > 0 || setting.Threads == 2;
        Func<TrainerMeasurement>? AtBest(TrainerSide? side) => side?.AtBest(shape, mode, InQuestion, cancellation);
        var (measureOurs, measurePyTorch, measureLibTorch) = (AtBest(ours)!, AtBest(script), AtBest(libtorch)!);
        var turns = Enumerable
            .Range(0, shape.Turns)
            .Select(_ => (Ours: measureOurs(), PyTorch: measurePyTorch?.Invoke(), LibTorch: measureLibTorch()))
            .ToList();
        var our = MeasuredProcess.Median(turns.Select(turn => turn.Ours));
        var eager = MeasuredProcess.Median(turns.Select(turn => turn.LibTorch));
        var python = script is null ? null : MeasuredProcess.Median(turns.Select(turn => turn.PyTorch!));
        var (name, best) = python?.RealTokensPerSecond > eager.RealTokensPerSecond ? ("pytorch", python) : ("libtorch", eager);
        var pairs = shape.CreatePairs(0);
        var products = StepTimer.CountProducts(shape.Model, pairs, mode == "full") / TrainerMeasurement.CountTokens(pairs);
        var share = products * our.RealTokensPerSecond / peak;
        return new(
            shape.Name,
            mode,
            neighbours,
            name,
            our.RealTokensPerSecond / best.RealTokensPerSecond,
            (double)our.PeakRssMib / best.PeakRssMib,
            share,
            our, python, eager);
    }
}
