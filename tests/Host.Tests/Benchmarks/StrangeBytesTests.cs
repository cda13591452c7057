using IterativeDpo.Generation;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class StrangeBytesTests
{
    [Theory]
    [InlineData(new byte[0], 0)]
    [InlineData(new byte[] { 21, 3, 3, 0, 2, 2, 40 }, 0)]
    [InlineData(new byte[] { 21, 3, 3, 0, 2, 2, 40, 21, 3, 3, 0, 2, 1, 0 }, 0)]
    [InlineData(new byte[] { 21, 3, 3, 0, 2, 2, 40, (byte)'H' }, 1)]
    [InlineData(new byte[] { 22, 3, 3, 0, 1, 2 }, 6)]
    [InlineData(new byte[] { 21, 3, 3, 0, 9, 2, 40 }, 7)]
    public void BeyondAlerts_countsWhatIsNoAlert(byte[] bytes, int count) => Assert.Equal(count, StrangeBytes.BeyondAlerts(bytes));

    [Fact]
    public void StatusOf_anAnswer_isItsStatus()
    {
        Assert.Equal("404", StrangeBytes.StatusOf("HTTP/1.1 404 Not Found\r\n"u8));
        Assert.Null(StrangeBytes.StatusOf("SSH-2.0-OpenSSH"u8));
    }

    [Fact]
    public void Request_ofTheSameSeed_isTheSame() =>
        Assert.Equal(StrangeBytes.Request(new SplitMix64(7)), StrangeBytes.Request(new SplitMix64(7)));
}
