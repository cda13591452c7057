using System.Text;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Artifacts.Tests.Text;

public sealed class TextFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ReadLines_markAndLineEnds_areNoPartOfTheLines()
    {
        File.WriteAllBytes(_directory["a.txt"], [.. Encoding.UTF8.Preamble, .. "a\r\nü\n"u8]);

        Assert.Equal(["a", "ü", ""], TextFile.ReadLines(_directory["a.txt"]));
        Assert.Equal("a\nü\n", TextFile.Read(_directory["a.txt"]));
    }

    [Fact]
    public void Read_anotherEncoding_namesTheLineAndTheByte()
    {
        File.WriteAllBytes(_directory["a.txt"], Encoding.Latin1.GetBytes("a\nxü"));

        var error = Assert.Throws<UserInputException>(() => TextFile.Read(_directory["a.txt"]));

        Assert.StartsWith($"{_directory["a.txt"]}, line 2: byte 2 (0xFC) is no UTF-8", error.Message);
    }
}
