using System.Text;
using IterativeDpo.Judging.Command;

namespace IterativeDpo.Judging.Tests.Command;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("one\ntwo\r\n\nthree", "one|two||three")]
    [InlineData("", "")]
    [InlineData("12345678\n1", "12345678|1")]
    [InlineData("123456789\n1", "12345678*|1")]
    [InlineData("123456789", "12345678*")]
    public async Task ReadAsync_givesLines_andTheStartOfThoseThatAreTooLong(string text, string expected)
    {
        using var reader = new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), longest: 8);
        var lines = new List<string>();
        while (await reader.ReadAsync() is { } line)
        {
            lines.Add(line.IsCut ? $"{line.Text}*" : line.Text);
        }

        Assert.Equal(expected, string.Join('|', lines));
    }

    [Fact]
    public async Task ReadAsync_givesTheBytesAsTheyAre_withoutAByteOrderMark()
    {
        byte[] mark = Encoding.UTF8.GetPreamble();
        using var reader = new LineReader(new MemoryStream([.. mark, (byte)'a', 0xE9, (byte)'\n', .. mark]), longest: 8);

        Assert.Equal([(byte)'a', 0xE9], (await reader.ReadAsync())!.Value.Bytes);
        Assert.Equal(mark, (await reader.ReadAsync())!.Value.Bytes);
    }

    [Fact]
    public async Task ReadAsync_ofALineOfManyChunks_keepsNoMoreThanItsStart()
    {
        using var reader = new LineReader(new MemoryStream(Encoding.UTF8.GetBytes($"{new string('é', 100_000)}\nx\n")), longest: 20_000);

        var first = await reader.ReadAsync();
        var second = await reader.ReadAsync();

        Assert.Equal((new string('é', 10_000), true), (first!.Value.Text, first.Value.IsCut));
        Assert.Equal(("x", false), (second!.Value.Text, second.Value.IsCut));
        Assert.Null(await reader.ReadAsync());
    }
}
