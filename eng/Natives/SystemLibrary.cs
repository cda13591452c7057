using System.Runtime.InteropServices;

namespace IterativeDpo.Natives;

/// <summary>A shared library as the dynamic linker finds it on this system.</summary>
public static class SystemLibrary
{
    public const string StdCxx = "libstdc++.so.6";

    /// <summary>The symbol versions that the library defines.</summary>
    /// <exception cref="InvalidDataException">It is not there, or is no library of this kind of machine.</exception>
    public static IReadOnlySet<string> VersionsOf(string name) => VersionNeeds.Defined(File.ReadAllBytes(PathOf(name)));

    /// <exception cref="InvalidDataException">It is not there.</exception>
    public static string PathOf(string name)
    {
        if (!NativeLibrary.TryLoad(name, out _))
        {
            throw new InvalidDataException($"this system has no {name}; install its package (Debian: libstdc++6)");
        }
        // A line of the map ends with the file's path, after an offset, a device and an inode without slashes.
        return File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/') is var start and >= 0 ? line[start..] : "")
            .First(file => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal));
    }
}
