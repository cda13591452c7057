namespace IterativeDpo.Host.Benchmarks;

/// <summary>A small disk in memory, which can be filled up.</summary>
internal sealed class ChaosDisk : IDisposable
{
    private const int Megabytes = 256;

    private readonly string _path;

    private ChaosDisk(string path) => _path = path;

    private string Filler => Path.Combine(_path, "filler");

    /// <returns>Null where this user may make none.</returns>
    public static ChaosDisk? TryMount(string path)
    {
        Directory.CreateDirectory(path);
        // The name of such a disk means nothing; it tells whose it is.
        return
            Environment.IsPrivilegedProcess
            && ChaosTools.Run("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", $"{ChaosLeftovers.Prefix}-disk", path) == 0
            ? new(path)
            : null;
    }

    public void Fill()
    {
        try
        {
            using var file = File.Create(Filler);
            var block = new byte[1 << 16];
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void Empty() => File.Delete(Filler);

    public void Dispose() => ChaosTools.Run("umount", "-l", _path);
}
