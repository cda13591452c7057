using System.Text.Json;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

/// <summary>Sides that print figures and measure nothing.</summary>
public sealed class TrainerBenchmarkTests
{
    private static readonly TrainerShape Shape = new("tiny", 4, 4, Pairs: 2);

    [Theory]
    [InlineData(400, 500, "libtorch", 2)]
    [InlineData(500, 400, "pytorch", 2)]
    public void Run_compares_with_the_faster_peer(int pytorch, int libtorch, string best, double ratio)
    {
        var result = Run(Side(_ => 1000, 100), Side(_ => pytorch, pytorch), Side(_ => libtorch, libtorch));

        Assert.Equal(best, result.Best);
        Assert.Equal(ratio, result.Ratio);
        Assert.Equal(0.2, result.MemoryRatio);
        Assert.Equal((pytorch, libtorch), (result.PeerPytorch!.PeakRssMib, result.PeerLibtorch.PeakRssMib));
    }

    [Fact]
    public void Run_without_PyTorch_compares_with_LibTorch()
    {
        var result = Run(Side(_ => 1000, 100), null, Side(_ => 500, 200));

        Assert.Equal(("libtorch", 2, 0.5), (result.Best, result.Ratio, result.MemoryRatio));
        Assert.Null(result.PeerPytorch);
    }

    [Fact]
    public void Run_family_that_the_script_does_not_compute_compares_with_LibTorch()
    {
        var result = Run(Side(_ => 1000, 100), Side(_ => 900, 1), Side(_ => 500, 200), Shape with { Family = "qwen3" });

        Assert.Equal(("libtorch", 2), (result.Best, result.Ratio));
        Assert.Null(result.PeerPytorch);
    }

    [Fact]
    public void Run_takes_every_side_at_its_best_setting()
    {
        var result = Run(Side(setting => 10 - setting.Threads, 1), null, Side(setting => setting.Threads + (setting.BFloat16 ? 0 : 4), 1));

        Assert.Equal((1, 2), (result.Ours.Threads, result.PeerLibtorch.Threads));
        Assert.False(result.PeerLibtorch.BFloat16);
    }

    private static TrainerBenchmarkResult Run(TrainerSide ours, TrainerSide? pytorch, TrainerSide libtorch, TrainerShape? shape = null) =>
        Assert.Single(new TrainerBenchmark(ours, pytorch, libtorch, peak: 1e9, neighbours: 0).Run([shape ?? Shape], ["lora"], default));

    private static TrainerSide Side(Func<TrainerSetting, double> rate, int peakRssMib) => new(
        [new(1, false), new(2, false), new(1, true), new(2, true)],
        (_, _, setting) =>
            ["echo", JsonSerializer.Serialize(new TrainerMeasurement(rate(setting), 1, peakRssMib, setting.Threads, setting.BFloat16))]
    );
}
