using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class RecoveryBenchmarkTests
{
    [Fact]
    public void Spread_ofSeveral_isTheMiddleAndTheMost() => Assert.Equal(new Spread(2.1, 9), Spread.Of([9, 1, 2.06]));
}
