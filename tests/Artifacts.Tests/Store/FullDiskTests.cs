using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

/// <summary>Writes that the system really refuses, without privileges: the kernel's full device, and a limit on file size.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Put_without_space_says_so_and_leaves_nothing()
    {
        var error = Assert.Throws<StorageException>(() => new ArtifactStore(_directory["store"]).Put(WriteToFullDevice));

        Assert.StartsWith($"{_directory["store"]}: an artifact cannot be stored: no space left on its volume. Free some", error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_directory["store"]));
    }

    [Fact]
    public void Write_without_space_keeps_the_old_file()
    {
        File.WriteAllText(_directory["a"], "old");

        var error = Assert.Throws<StorageException>(() => AtomicFile.Write(_directory["a"], WriteToFullDevice));

        Assert.StartsWith($"{_directory["a"]}: cannot be written: no space left on its volume", error.Message);
        Assert.Equal("old", File.ReadAllText(_directory["a"]));
        Assert.Single(Directory.GetFileSystemEntries(_directory.Root));
    }

    [Fact]
    public async Task Put_refused_by_the_system_half_way_names_the_store_and_leaves_nothing()
    {
        // 64 blocks of 1 KiB for every file of the process; the signal that goes with it would end the process before the error.
        // The runtime's own doubly mapped code pages are a file too.
        using var process = SecondProcess.Start(
            $"trap '' XFSZ; ulimit -f 64; export DOTNET_EnableWriteXorExecute=0; exec {SecondProcess.Command} put '{_directory["store"]}' 1000000");
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(3, process.ExitCode);
        Assert.StartsWith($"{_directory["store"]}: an artifact cannot be stored: the file is over the size limit", output);
        Assert.Empty(Directory.GetFileSystemEntries(_directory["store"]));
    }

    private static void WriteToFullDevice(Stream stream)
    {
        stream.Write(new byte[1000]);
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        full.Write(new byte[1000]);
    }
}
