namespace IterativeDpo.Artifacts.Store;

/// <summary>Puts a failure of the file system into words: what was wrong and the way out.</summary>
public static class IoFailure
{
    // HResult of an IOException is the errno on Unix where .NET has no exception type of its own for it.
    private const int NoSpace = 28, ReadOnlyFileSystem = 30, QuotaExceededLinux = 122;
    private const int NoSpaceWindows = unchecked((int)0x80070070);

    /// <summary>Whether the file system failed.</summary>
    public static bool Is(Exception e) => e is IOException or UnauthorizedAccessException || IsFileTooBig(e);

    /// <summary>Whether a volume, or a user's share of it, was full; also where that is what an exception was thrown for.</summary>
    public static bool IsFull(Exception e) =>
        e is IOException { HResult: NoSpace or NoSpaceWindows or QuotaExceededLinux } || (e.InnerException is { } inner && IsFull(inner));

    /// <param name="action">What was being done, as in "cannot be written".</param>
    public static StorageException Explain(string path, string action, Exception e) => new($"{path}: {action}: {Cause(e)}", e);

    /// <summary>What was wrong and what to do about it.</summary>
    public static string Cause(Exception e) => e switch
    {
        UnauthorizedAccessException => "permission denied. Make it accessible to this user, or choose another directory.",
        FileNotFoundException or DirectoryNotFoundException => "it does not exist. Check the path, or restore it from a copy.",
        IOException { HResult: NoSpace or NoSpaceWindows or QuotaExceededLinux } =>
            "no space left on its volume. Free some, or choose a directory on another volume, then run again.",
        _ when IsFileTooBig(e) => "the file is over the size limit of this process or volume. Raise the limit, then run again.",
        IOException { HResult: ReadOnlyFileSystem } => "its volume is mounted read-only. Choose a directory on another volume.",
        _ => $"{e.Message} Check the path and its volume.",
    };

    // EFBIG, as the runtime puts it when a write hits it.
    private static bool IsFileTooBig(Exception e) =>
        e is ArgumentOutOfRangeException { ParamName: "value", Source: "System.Private.CoreLib" };
}
