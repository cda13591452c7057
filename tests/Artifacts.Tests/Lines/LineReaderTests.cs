using System.Text;
using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Artifacts.Tests.Lines;

public sealed class LineReaderTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public void Read_lines_haveTheirNumbersPlacesAndEnds()
    {
        byte[] bytes = [.. Encoding.UTF8.Preamble, .. "a\r\n\nbé\nc"u8];

        var lines = LineReader.Read(new MemoryStream(bytes), "x").ToArray();

        Assert.Equal([(1, 3, "a", true), (2, 6, "", true), (3, 7, "bé", true), (4, 11, "c", false)], lines.Select(line =>
            (line.Number, (int)line.Start, Encoding.UTF8.GetString(line.Bytes.Span), line.IsWhole)));
    }

    [Theory]
    [InlineData(MiB, "\n")]
    [InlineData(MiB, "")]
    public void Read_lineOfTheLimit_isRead(int length, string end) =>
        Assert.Equal([1, length], LineReader.Read(Text(length, end), "x", MiB).Select(line => line.Bytes.Length));

    [Theory]
    [InlineData(MiB + 1, "\n")]
    [InlineData(MiB + 1, "")]
    [InlineData(9 * MiB, "\n")]
    public void Read_lineOverTheLimit_isNamed(int length, string end)
    {
        var error = Assert.Throws<UserInputException>(() => LineReader.Read(Text(length, end), "x", MiB).Count());

        Assert.StartsWith("x, line 2: longer than 1 MiB. ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_endlessLine_isNamedBeforeItsEnd()
    {
        var stream = Text(9 * MiB, "");

        Assert.Throws<UserInputException>(() => LineReader.Read(stream, "x", MiB).Count());

        Assert.InRange(stream.Position, MiB, 3 * MiB);
    }

    private static MemoryStream Text(int length, string end) => new(Encoding.ASCII.GetBytes($"a\n{new string('b', length)}{end}"));
}
