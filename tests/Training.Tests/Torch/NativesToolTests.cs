using System.Diagnostics;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>The build step of eng/Natives, in a process of its own, on a package's folder that the test makes.</summary>
public sealed class NativesToolTests : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("natives-").FullName;
    private readonly string _package;
    private readonly string _library;
    private readonly string _target;

    public NativesToolTests()
    {
        _package = Path.Combine(_cache, "torchsharp", "1.0.0");
        _library = Path.Combine(_package, "runtimes", "native", "libLibTorchSharp.so");
        _target = Path.Combine(_cache, "laid", "libLibTorchSharp.so");
        Directory.CreateDirectory(Path.GetDirectoryName(_library)!);
        File.WriteAllText(Path.Combine(_package, "torchsharp.nuspec"), "");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so"), _library);
    }

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Fact]
    public void Check_wholeLibraries_passes()
    {
        var torch = new[] { "libtorch.so", "libtorch_cpu.so", "libc10.so" }.Select(name => Path.Combine(AppContext.BaseDirectory, name));

        Assert.Equal((0, ""), Run(["check", _library, .. torch]));
    }

    [Theory]
    [InlineData(0, "this is not a 64-bit little-endian ELF file")]
    [InlineData(1_000_000, "the file is cut short or damaged")]
    public void Check_truncatedLibrary_saysWhichFolderToDelete(int length, string problem)
    {
        using (var file = File.OpenWrite(_library))
        {
            file.SetLength(length);
        }

        Assert.Equal(
            (1, $"natives: error DPO0001: {_library}: {problem}; delete {_package} and start again: it is fetched anew\n"),
            Run("check", _library));
    }

    [Fact]
    public void Check_libraryThatIsNotThere_saysWhichFolderToDelete()
    {
        Directory.Delete(Path.GetDirectoryName(_library)!, recursive: true);

        var (exitCode, errors) = Run("check", _library);

        Assert.Equal(1, exitCode);
        Assert.Contains($"; delete {_package} and start again", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_libraryForThisSystem_laysIt()
    {
        Assert.Equal((0, ""), Run("fit", _library, _target));

        Assert.Equal(new FileInfo(_library).Length, new FileInfo(_target).Length);
        Assert.True(File.Exists(_target + ".txt"));
    }

    [Fact]
    public void Fit_libraryThatNeedsWhatNoSystemHas_isRefusedAndLaysNothing()
    {
        var library = File.ReadAllBytes(_library);
        library[library.AsSpan().IndexOf("GLIBCXX_3.4.21\0"u8) + "GLIBCXX_".Length] = (byte)'9';
        File.WriteAllBytes(_library, library);

        var (exitCode, errors) = Run("fit", _library, _target);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"natives: error DPO0002: {_library}: it uses _Z", errors, StringComparison.Ordinal);
        Assert.Contains("version GLIBCXX_9.4.21", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(_target)));
    }

    [Fact]
    public void Fit_placeThatCannotBeWritten_isRefusedAndLaysNothing()
    {
        File.WriteAllText(Path.Combine(_cache, "laid"), "a file, where the folder should be");

        var (exitCode, errors) = Run("fit", _library, _target);

        Assert.Equal(1, exitCode);
        Assert.Contains("error DPO0002", errors, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Errors) Run(params string[] arguments)
    {
        using var tool = Process.Start(
            new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "natives.dll"), .. arguments])
            {
                RedirectStandardError = true,
            })!;
        var errors = tool.StandardError.ReadToEnd();
        tool.WaitForExit();
        return (tool.ExitCode, errors);
    }
}
