using System.Diagnostics;

namespace IterativeDpo.EndToEnd.Tests;

public sealed class DoctorTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-doctor-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Doctor_onThisMachine_namesVersionsAndLoadedLibraries()
    {
        using var process = DpoProcess.Run("doctor", "--json");

        Assert.True(process.ExitCode == 0, process.Output);
        var engines = process.Json.GetProperty("engines").EnumerateArray().ToArray();
        Assert.All(engines, engine => Assert.Matches(@"^\d+\.\d+\.\d+$", engine.GetProperty("version").GetString()));
        Assert.Matches("native/(avx512|avx2|avx|noavx)/libggml-cpu.so$", engines[1].GetProperty("library").GetString());
        Assert.Matches(@"CPU \((AVX512|AVX2|DEFAULT)", engines[2].GetProperty("library").GetString());
    }

    [Fact]
    public void Doctor_whereLibTorchDoesNotLoad_saysWhyInALineAndCopiesNothing()
    {
        // A program of its own, so that nobody else's library is broken: links, but for the one that is no library.
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var link = Path.Combine(_directory.FullName, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.CreateSymbolicLink(link, file);
        }
        var library = Path.Combine(_directory.FullName, "libLibTorchSharp.so");
        File.Delete(library);
        File.WriteAllText(library, "no library");
        var program = Path.Combine(_directory.FullName, "dpo.dll");
        File.Delete(program);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "dpo.dll"), program);

        var start = new ProcessStartInfo("dotnet", ["exec", program, "doctor"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(1, process.ExitCode);
        var problem = Assert.Single(output.Split('\n'), line => line.Contains("problem:", StringComparison.Ordinal));
        Assert.Contains("libLibTorchSharp.so: LibTorch cannot be loaded", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("LoadNativeBackend", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory.FullName, "cpu")));
    }
}
