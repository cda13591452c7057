using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Rows;

namespace IterativeDpo.Artifacts.Tests;

public sealed class InputFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_nothing_saysSo() => AssertRefused("none", "there is no such file. Check the path.");

    [Fact]
    public void Open_directory_saysSo()
    {
        Directory.CreateDirectory(_directory["folder"]);

        AssertRefused("folder", "this is a directory, and a file belongs here");
    }

    [Fact]
    public void Open_linkToNothing_saysWhereItLeads()
    {
        File.CreateSymbolicLink(_directory["link"], "gone.txt");
        File.CreateSymbolicLink(_directory["second"], "link");

        AssertRefused("link", "this is a link, and there is nothing at gone.txt");
        AssertRefused("second", $"this is a link, and there is nothing at {_directory["gone.txt"]}");
    }

    [Fact]
    public void Open_linkToItself_saysSo()
    {
        File.CreateSymbolicLink(_directory["loop"], "loop");

        AssertRefused("loop", "this is a link that leads back to itself");
    }

    [Fact]
    public void Open_linkToADirectory_saysThatItIsOne()
    {
        Directory.CreateDirectory(_directory["folder"]);
        File.CreateSymbolicLink(_directory["link"], "folder");

        AssertRefused("link", "this is a directory");
    }

    [Fact]
    public void Open_ofEveryKindOfInput_saysTheSame()
    {
        File.CreateSymbolicLink(_directory["link"], "gone.txt");
        var path = _directory["link"];

        foreach (Action open in new Action[]
            {
                () => GgufFile.Open(path),
                () => RowFile.Open(path),
                () => Digest.OfFile(path),
                () => Artifacts.Text.TextFile.Read(path),
            })
        {
            Assert.StartsWith($"{path}: this is a link, and there is nothing", Assert.Throws<UserInputException>(open).Message);
        }
    }

    private void AssertRefused(string name, string problem)
    {
        var error = Assert.Throws<UserInputException>(() => InputFile.Open(_directory[name]));

        Assert.StartsWith($"{_directory[name]}: {problem}", error.Message);
    }
}
