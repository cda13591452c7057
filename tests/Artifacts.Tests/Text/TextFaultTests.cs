using System.Text;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Artifacts.Tests.Text;

public sealed class TextFaultTests
{
    [Theory]
    [InlineData("")]
    [InlineData("grün → 😀\t")]
    [InlineData("""{"a":"\ud83d\ude00 \\ud83d \u00fc \n"}""")]
    public void Of_text_isNone(string line)
    {
        Assert.Null(TextFault.OfLine(Encoding.UTF8.GetBytes(line)));
        Assert.Null(TextFault.OfJson(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void OfLine_latin1_namesTheByte() => Assert.StartsWith(
        "byte 6 (0xFC) is no UTF-8, but Latin-1 or another encoding: write it in UTF-8",
        TextFault.OfLine(Encoding.Latin1.GetBytes("ay grün")),
        StringComparison.Ordinal);

    [Fact]
    public void OfLine_utf16WithItsMark_saysSo() =>
        Assert.StartsWith(
            "byte 1 begins a file in UTF-16",
            TextFault.OfLine([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("{}")]),
            StringComparison.Ordinal);

    [Fact]
    public void OfLine_utf16WithoutMark_saysSo() =>
        Assert.StartsWith(
            "byte 2 is a NUL, as in a file in UTF-16",
            TextFault.OfLine(Encoding.Unicode.GetBytes("{}")),
            StringComparison.Ordinal);

    [Fact]
    public void OfLine_nul_namesTheByte() =>
        Assert.Equal("byte 5 is a NUL, which no text has: take it out", TextFault.OfLine("{\"a\"\0:1}"u8));

    [Theory]
    [InlineData("""{"a":"x\ud83d"}""", "byte 8 (\\ud83d) is half of a surrogate pair")]
    [InlineData("""{"a":"\ude00\ud83d"}""", "byte 7 (\\ude00) is half of a surrogate pair")]
    [InlineData("""{"a":"\ud83d\ud83d\ude00"}""", "byte 7 (\\ud83d) is half of a surrogate pair")]
    [InlineData("""{"a":"\\\ud83dx"}""", "byte 9 (\\ud83d) is half of a surrogate pair")]
    [InlineData("""{"a":"\u0000"}""", "byte 7 (\\u0000) is a NUL")]
    [InlineData("""{"a":"\ud8""", null)]
    [InlineData("\\", null)]
    public void OfJson_escapeOfNoCharacter_namesTheByte(string line, string? fault)
    {
        var found = TextFault.OfJson(Encoding.UTF8.GetBytes(line));

        Assert.Equal(fault, fault is null ? found : found?[..fault.Length]);
    }
}
