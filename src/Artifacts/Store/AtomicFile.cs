using System.Text.RegularExpressions;

namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// Writes a file so that it is there whole or not at all: a temporary file beside it, flushed to the disk, then renamed over it.
/// </summary>
public static partial class AtomicFile
{
    private static int _counter;

    /// <exception cref="ArtifactStoreException">It could not be written; the old file, if any, is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            Publish(WriteTemporary(full, write), full);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be written", e);
        }
    }

    /// <summary>Whether a file has the name of an unfinished one.</summary>
    public static bool IsTemporary(string path) => TemporaryName().IsMatch(path);

    /// <summary>Writes and flushes <c>stem.N.tmp</c>; removes it again if that fails.</summary>
    internal static string WriteTemporary(string stem, Action<Stream> write)
    {
        using var stream = CreateTemporary(stem);
        try
        {
            write(stream);
            stream.Flush(flushToDisk: true);
            return stream.Name;
        }
        catch
        {
            Abandon(stream);
            throw;
        }
    }

    /// <summary>Renames the temporary file to its final name, on the same volume; removes it if that fails.</summary>
    internal static void Publish(string temporary, string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(directory);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        DirectoryFlush.Flush(directory);
    }

    [GeneratedRegex(@"\.\d+-\d+\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex TemporaryName();

    // The name needs to be free, not random: an earlier process may have left some behind.
    private static FileStream CreateTemporary(string stem)
    {
        while (true)
        {
            var path = $"{stem}.{Environment.ProcessId}-{Interlocked.Increment(ref _counter)}.tmp";
            if (!File.Exists(path)) return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
        }
    }

    // Closing flushes what is buffered, which fails again on a full disk; the first failure is the one to report.
    private static void Abandon(FileStream stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
        }
        File.Delete(stream.Name);
    }
}
