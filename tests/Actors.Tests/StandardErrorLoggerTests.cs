namespace IterativeDpo.Actors.Tests;

public sealed class StandardErrorLoggerTests
{
    [Theory]
    [InlineData(
        "Tried to associate with unreachable remote address [a]. Address is now gated for 1000 ms, … Reason: [Connection refused tcp://a]",
        null,
        null)]
    [InlineData(
        "Association with remote system a has failed; address is now gated for 1000 ms. Reason is: [… Disassociated\n   at …]",
        "Disassociated",
        null)]
    [InlineData("Tried to associate with a. Address is now gated for 1000 ms. Reason: [The remote certificate is invalid]", null,
        "Tried to associate with a. Address is now gated for 1000 ms. Reason: [The remote certificate is invalid]")]
    [InlineData("Disassociated", null, null)]
    [InlineData("The campaign cannot be journalled", "disk full", "The campaign cannot be journalled disk full")]
    [InlineData("disk full: it is", "disk full", "disk full: it is")]
    [InlineData("TLS handshake failed:\n\n  - check the key\r\n", "no key\n", "TLS handshake failed: - check the key no key")]
    public void LineOf_anEvent_isOneLineAndNothingWhereANodeIsJustGone(string message, string? cause, string? line) =>
        Assert.Equal(line, StandardErrorLogger.LineOf(message, cause));

    [Fact]
    public void LineOf_whatAStrangerSent_isCut() =>
        Assert.InRange(StandardErrorLogger.LineOf($"not a TLS record: {new string('a', 100_000)}", null)!.Length, 100, 500);

    [Fact]
    public void Take_aFlood_isSomeLinesAndThenOneNowAndThen_thatSaysHowManyAreLeftOut()
    {
        var limit = new LogLimit();
        var at = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        string[] lines =
        [
            .. Enumerable.Range(0, 6000).Select(i => limit.Take(typeof(string), at.AddMilliseconds(10 * i), $"line {i}")).OfType<string>(),
        ];

        Assert.Equal(["line 0", "line 1", "line 2", "line 3", "line 4"], lines[..5]);
        Assert.Equal("line 1000 (995 more of String were left out)", lines[5]);
        Assert.InRange(lines.Length, 9, 11);
    }

    [Fact]
    public void Take_anotherSource_isNotHeldUpByAFlood()
    {
        var limit = new LogLimit();
        Assert.Contains(null, Enumerable.Range(0, 100).Select(_ => limit.Take(typeof(string), default, "flood")));

        Assert.Equal("disk full", limit.Take(typeof(int), default, "disk full"));
        Assert.NotNull(limit.Take(typeof(string), default(DateTime).AddSeconds(11), "flood"));
    }
}
