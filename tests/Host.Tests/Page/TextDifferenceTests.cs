using IterativeDpo.Host.Page;

namespace IterativeDpo.Host.Tests.Page;

public sealed class TextDifferenceTests
{
    [Theory]
    [InlineData("a b c", "a b c", "a b c", "a b c")]
    [InlineData("a b c", "a x c", "a <mark>b</mark> c", "a <mark>x</mark> c")]
    [InlineData("WABICID", "Sure! WABICID", "WABICID", "<mark>Sure! </mark>WABICID")]
    [InlineData("one two three four", "two four", "<mark>one </mark>two<mark> three</mark> four", "two four")]
    [InlineData("", "a", "", "<mark>a</mark>")]
    [InlineData("<b>", "<i>", "&lt;<mark>b</mark>&gt;", "&lt;<mark>i</mark>&gt;")]
    public void Mark_marksWhatOnlyOneHas(string first, string second, string markedFirst, string markedSecond) =>
        Assert.Equal((markedFirst, markedSecond), TextDifference.Mark(first, second));

    [Fact]
    public void Mark_ofLongTexts_keepsWhatTheyBeginAndEndWith()
    {
        var (a, b) = (string.Join(' ', Enumerable.Range(0, 5000)), string.Join(' ', Enumerable.Range(5000, 5000)));

        var (first, _) = TextDifference.Mark($"begin {a} end", $"begin {b} end");

        Assert.Equal($"begin <mark>{a}</mark> end", first);
    }
}
