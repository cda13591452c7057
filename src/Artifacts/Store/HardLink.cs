using System.Runtime.InteropServices;

namespace IterativeDpo.Artifacts.Store;

/// <summary>A second name for a file, for which .NET has no call: the bytes are there once, for as long as one of the names is.</summary>
internal static partial class HardLink
{
    /// <returns>Whether it was made: not on another volume, on one that has none, or where that name is taken.</returns>
    public static bool TryMake(string path, string name) => OperatingSystem.IsWindows()
        ? Create(name, path, 0)
        : Link(path, name) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string path, string name);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool Create(string name, string path, nint security);
}
