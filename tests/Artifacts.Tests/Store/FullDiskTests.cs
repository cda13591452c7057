using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

/// <summary>
/// Writes that the system really refuses: a volume that is full; and without privileges the kernel's full device, and a limit on file size.
/// </summary>
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

    [SmallDiskFact]
    public void Put_on_a_full_volume_leaves_nothing_and_goes_on_when_there_is_space()
    {
        using var disk = new SmallDisk(256);
        var store = new ArtifactStore(disk["store"]);
        var kept = store.Put(new byte[1000]);
        disk.Fill();

        // One that no page is left for, and one that there was space for the beginning of.
        var none = Assert.Throws<StorageException>(() => store.Put(new byte[1001]));
        disk.Free();
        var half = Assert.Throws<StorageException>(() => store.Put(new byte[300_000]));
        var after = store.Put(new byte[1001]);

        Assert.All(
            [none, half],
            error => Assert.StartsWith($"{disk["store"]}: an artifact cannot be stored: no space left on its volume", error.Message));
        Assert.Equal(
            new[] { kept, after }.Select(store.PathOf).Order(),
            Directory.EnumerateFiles(disk["store"], "*", SearchOption.AllDirectories).Order());
    }

    [SmallDiskFact]
    public void Write_and_Append_on_a_full_volume_leave_the_files_as_they_were()
    {
        using var disk = new SmallDisk(256);
        AtomicFile.Write(disk["a"], stream => stream.Write("old"u8));
        using var log = new FileStream(disk["log"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        var lines = new JsonLines<string>("not a text", "");
        lines.Append(log, disk["log"], "first", flushToDisk: true);
        disk.Fill();

        var written = Assert.Throws<StorageException>(() => AtomicFile.Write(disk["a"], stream => stream.Write(new byte[5000])));
        var appended = Assert.Throws<StorageException>(() => lines.Append(log, disk["log"], new string('a', 10_000), flushToDisk: true));

        Assert.All([written, appended], error => Assert.Contains("no space left on its volume", error.Message));
        Assert.Equal("old", File.ReadAllText(disk["a"]));
        disk.Free();
        lines.Append(log, disk["log"], "second", flushToDisk: true);
        log.Dispose();
        Assert.Equal(["first", "second"], lines.Read(disk["log"]));
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
