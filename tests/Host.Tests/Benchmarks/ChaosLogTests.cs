using IterativeDpo.Campaigns;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class ChaosLogTests
{
    [Fact]
    public void Write_linesOfUnitsDone_countsThemByUnit()
    {
        using var log = new ChaosLog("/dev/null");

        log.Write("a", "dpo: did 3/Sample/1 of chaos in 0.4 s");
        log.Write("b", "dpo: did 3/Sample/1 of chaos in 0.5 s");
        log.Write("b", "dpo: did 3/Judge/1 of chaos in 0.1 s");
        log.Write("b", "dpo: node b has left");

        Assert.Equal(2, log.Done[new WorkId(3, Stage.Sample, 1)]);
        Assert.Equal(1, log.Done[new WorkId(3, Stage.Judge, 1)]);
        Assert.Equal(2, log.Done.Count);
    }
}
