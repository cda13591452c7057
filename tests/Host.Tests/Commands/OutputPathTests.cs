using System.Diagnostics;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Commands;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Host.Tests.Commands;

public sealed class OutputPathTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-output-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void OfFile_that_is_an_input_by_another_path_is_refused_also_with_force()
    {
        File.WriteAllText(Of("in"), "");
        File.CreateSymbolicLink(Of("link"), "in");

        var error = Assert.Throws<UserInputException>(() => OutputPath.OfFile(new(Of("link")), force: true, new FileInfo(Of("in"))));

        Assert.Contains("the command reads this file", error.Message);
    }

    [Fact]
    public void OfFile_that_is_there_needs_force_and_a_pipe_does_not()
    {
        File.WriteAllText(Of("file"), "");
        Process.Start("mkfifo", [Of("pipe")]).WaitForExit();

        Assert.Contains(
            "there is something already",
            Assert.Throws<UserInputException>(() => OutputPath.OfFile(new(Of("file")), force: false)).Message);
        Assert.Equal(Of("file"), OutputPath.OfFile(new(Of("file")), force: true));
        Assert.Equal(Of("pipe"), OutputPath.OfFile(new(Of("pipe")), force: false));
    }

    [Fact]
    public void OfFile_that_can_never_be_written_is_refused_beforehand()
    {
        File.WriteAllText(Of("file"), "");

        Assert.Contains(
            $"{Of("file")} is a file, and no directory",
            Assert.Throws<UserInputException>(() => OutputPath.OfFile(new(Of("file/under/it")), force: true)).Message);
        Assert.Contains(
            "cannot be written in /proc",
            Assert.Throws<UserInputException>(() => OutputPath.OfFile(new("/proc/dpo.gguf"), force: true)).Message);
        Assert.Equal(Of("new/one"), OutputPath.OfFile(new(Of("new/one")), force: false));
        Assert.Equal(["file"], Directory.GetFileSystemEntries(_directory.FullName).Select(Path.GetFileName));
    }

    [Fact]
    public void Verdicts_are_not_kept_in_a_pipe()
    {
        Process.Start("mkfifo", [Of("pipe")]).WaitForExit();

        Assert.Contains(
            "this is a pipe or a device",
            Assert.Throws<UserInputException>(() => VerdictLog.Open(Of("pipe"), "judge")).Message);
    }

    private string Of(string name) => Path.Combine(_directory.FullName, name);
}
