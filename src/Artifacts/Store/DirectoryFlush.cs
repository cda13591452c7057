using System.Runtime.InteropServices;

namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// Makes a rename survive a power failure: POSIX wants the directory itself flushed, for which .NET has no call.
/// Windows journals its directories and offers no such flush.
/// </summary>
internal static partial class DirectoryFlush
{
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        var handle = Open(directory, 0);
        if (handle < 0) throw Failure(directory);
        try
        {
            // EINVAL: a file system without flushable directories.
            if (Synchronise(handle) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument) throw Failure(directory);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    private const int InvalidArgument = 22;

    private static IOException Failure(string directory)
    {
        var error = Marshal.GetLastPInvokeError();
        return new($"{directory}: cannot be flushed: {Marshal.GetPInvokeErrorMessage(error)}.", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronise(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
