using System.Runtime.InteropServices;

namespace IterativeDpo.Artifacts.Store;

/// <summary>Tells pipes, devices and sockets from files: a rename would put a file in their place. .NET does not ask the system.</summary>
public static unsafe partial class SpecialFile
{
    private const uint TypeMask = 0xF000, Regular = 0x8000, Directory = 0x4000;

    /// <summary>Whether something is there that is neither a file nor a directory, a link's target counted.</summary>
    public static bool Is(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }
        // struct stat has the mode after two numbers of eight bytes, and on x64 after the links, of eight bytes there.
        var status = stackalloc byte[256];
        var mode = (uint*)(status + (RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 24 : 16));
        return Status(path, status) == 0 && (*mode & TypeMask) is not (Regular or Directory);
    }

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(string path, byte* status);
}
