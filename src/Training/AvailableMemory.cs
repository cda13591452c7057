namespace IterativeDpo.Training;

/// <summary>
/// Memory that this process can have: what the machine has to give, or the limit of a control group (a container, a systemd unit) where
/// that is less. .NET's own figure is what its heap may have: three quarters of a limit.
/// </summary>
internal static class AvailableMemory
{
    /// <param name="root">Where Linux's own files are; another one for tests.</param>
    public static long Bytes(string root = "/")
    {
        var machine = Path.Combine(root, "proc/meminfo");
        return File.Exists(machine)
            ? LimitFiles(root).Select(LimitOf).Append(FreeOf(machine)).Min()
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    /// <summary><c>MemAvailable</c>: what there is without swapping, caches given back.</summary>
    private static long FreeOf(string path) =>
        1024
        * long.Parse(
            File.ReadLines(path)
                .First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    /// <summary>Of the process's group and those around it, in version 2 and version 1; a container sees its own as the root.</summary>
    private static IEnumerable<string> LimitFiles(string root)
    {
        var groups = Path.Combine(root, "proc/self/cgroup");
        foreach (var line in File.Exists(groups) ? File.ReadAllLines(groups) : [])
        {
            var (controllers, group) = line.Split(':', 3) is [_, var first, var last] ? (first, last) : ("", "/");
            var (top, file) = controllers == "memory" ? ("sys/fs/cgroup/memory", "memory.limit_in_bytes") : ("sys/fs/cgroup", "memory.max");
            for (var path = group; path is not null; path = Path.GetDirectoryName(path))
            {
                yield return Path.Combine(root, top, path.TrimStart('/'), file);
            }
        }
    }

    /// <summary>No limit is the word max, a huge number, or no file.</summary>
    private static long LimitOf(string path) =>
        File.Exists(path) && long.TryParse(File.ReadAllText(path), out var bytes) ? bytes : long.MaxValue;
}
