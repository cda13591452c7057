using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Tests.Terminal;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("a\tb\nc → é 😀", "a\tb\nc → é 😀")]
    [InlineData("\u001b[31mred\u001b[0m\a", "␛[31mred␛[0m␇")]
    [InlineData("100\r  9\0\u007f", "100␍  9␀␡")]
    [InlineData("\u009b2J \u202egnp", "\\u009b2J \\u202egnp")]
    public void Of_whatMovesTheCursor_isASymbol(string text, string expected) => Assert.Equal(expected, PlainText.Of(text));
}
