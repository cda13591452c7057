using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class ChaosLeftoversTests
{
    [Theory]
    [InlineData("dpo4711-coordinator-1", 4711)]
    [InlineData("dpo4711-chaos-x7Yz", 4711)]
    [InlineData("dpo4711-disk", 4711)]
    [InlineData("dpo4711a", 4711)]
    [InlineData("dpo4711v3", null)]
    [InlineData("dpo-chaos-4711", null)]
    [InlineData("docker0", null)]
    public void ProcessOf_aName_isTheRunThatItIsOf(string name, int? process) => Assert.Equal(process, ChaosLeftovers.ProcessOf(name));
}
