namespace IterativeDpo.Actors.Tests;

public sealed class StandardErrorLoggerTests
{
    [Theory]
    [InlineData("Tried to associate with unreachable remote address [a]. Address is now gated for 1000 ms, … Reason: [Connection refused tcp://a]", null, null)]
    [InlineData("Association with remote system a has failed; address is now gated for 1000 ms. Reason is: [… Disassociated\n   at …]", "Disassociated", null)]
    [InlineData("Tried to associate with a. Address is now gated for 1000 ms. Reason: [The remote certificate is invalid]", null,
        "Tried to associate with a. Address is now gated for 1000 ms. Reason: [The remote certificate is invalid]")]
    [InlineData("Disassociated", null, null)]
    [InlineData("The campaign cannot be journalled", "disk full", "The campaign cannot be journalled disk full")]
    [InlineData("disk full: it is", "disk full", "disk full: it is")]
    public void LineOf_anEvent_isOneLineAndNothingWhereANodeIsJustGone(string message, string? cause, string? line) =>
        Assert.Equal(line, StandardErrorLogger.LineOf(message, cause));
}
