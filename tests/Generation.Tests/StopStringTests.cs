namespace IterativeDpo.Generation.Tests;

public sealed class StopStringTests
{
    [Theory]
    [InlineData("END", "END")]
    [InlineData(@"\n\n", "\n\n")]
    [InlineData(@"\u00e9\t", "é\t")]
    [InlineData(@"C:\\temp", @"C:\temp")]
    [InlineData(" ", " ")]
    public void Parse_resolves_escapes(string written, string expected) => Assert.Equal(expected, StopString.Parse(written));

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData(@"\q", "a backslash that begins no escape")]
    [InlineData(@"end\", "a backslash that begins no escape")]
    public void Parse_refuses_what_ends_everything_or_is_no_escape(string written, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => StopString.Parse(written)).Message);
}
