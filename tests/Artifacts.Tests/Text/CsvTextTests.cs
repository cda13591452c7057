using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Artifacts.Tests.Text;

public sealed class CsvTextTests
{
    [Fact]
    public void Parse_whatRowWrote_isTheSame()
    {
        string[][] rows = [["a", "b, c", ""], ["say \"hi\"", "two\r\nlines\n", "=1+1"], ["", "", ""], ["ü", "\u202e", "x\ty"]];

        var parsed = CsvText.Parse(string.Concat(rows.Select(CsvText.Row)), ',', "t.csv").ToArray();

        Assert.Equal(rows, parsed.Select(row => row.Fields));
        Assert.Equal([1, 2, 5, 6], parsed.Select(row => row.Line));
    }

    [Theory]
    [InlineData("a,b\nc,d", ',', "a|b;c|d")]
    [InlineData("a;b\r\n\r\n\"c;\";d\r\n", ';', "a|b;c;|d")]
    [InlineData("\"\",x", ',', "|x")]
    [InlineData("a,", ',', "a|")]
    public void Parse_otherForms_areRead(string text, char separator, string expected) =>
        Assert.Equal(expected, string.Join(';', CsvText.Parse(text, separator, "t.csv").Select(row => string.Join('|', row.Fields))));

    [Theory]
    [InlineData("a,b\n\"c", "t.csv, line 2: a quote is opened here and not closed")]
    [InlineData("\"a\"b,c", "t.csv, line 1: 'b' follows the closing quote")]
    public void Parse_aQuoteThatIsWrong_isNamed(string text, string message) =>
        Assert.StartsWith(
            message,
            Assert.Throws<UserInputException>(() => CsvText.Parse(text, ',', "t.csv").ToArray()).Message,
            StringComparison.Ordinal);
}
