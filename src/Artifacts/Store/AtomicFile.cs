using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// Writes a file so that it is there whole or not at all: a temporary file beside it, flushed to the disk, then renamed over it. A link
/// stays, and its target is written; a pipe or device stays too, and is written into once everything is there.
/// </summary>
public static partial class AtomicFile
{
    private const int NameDigits = 16;

    /// <exception cref="StorageException">It could not be written; the old file, if any, is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            var full = Target(path);
            if (SpecialFile.Is(full))
            {
                WriteInto(full, write);
                return;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            Write(full, write, () => full);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be written", e);
        }
    }

    /// <summary>The full path of what is written where this is asked for: of the last target, where it is a link.</summary>
    /// <exception cref="UserInputException">It is a link that cannot be followed.</exception>
    public static string Target(string path)
    {
        if (new FileInfo(path) is not { LinkTarget: not null } link)
        {
            return Path.GetFullPath(path);
        }
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (IOException e)
        {
            throw new UserInputException($"{path}: this is a link to nowhere, or to itself. Remove it, or choose another path.", e);
        }
    }

    /// <summary>Whether a file has the name of an unfinished one.</summary>
    public static bool IsTemporary(string path) => TemporaryName().IsMatch(path);

    /// <summary>
    /// Deletes the unfinished files in a directory, but those that somebody is writing, in whichever process or container.
    /// </summary>
    public static void DeleteAbandoned(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory).Where(IsTemporary))
        {
            // Being written, gone, or another user's: it is in nobody's way.
            TryDelete(path);
        }
    }

    /// <summary>Deletes a file unless somebody has it open, in whichever process or container.</summary>
    internal static bool TryDelete(string path)
    {
        try
        {
            // Opens only where nobody else has it open.
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();
            return true;
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            return false;
        }
    }

    /// <summary>Makes sure that files can be made in a directory; leaves none.</summary>
    /// <exception cref="IOException">They cannot.</exception>
    /// <exception cref="UnauthorizedAccessException">They cannot.</exception>
    public static void TryWriting(string directory)
    {
        var stream = CreateTemporary(Path.Combine(directory, "dpo"));
        File.Delete(stream.Name);
        stream.Dispose();
    }

    /// <summary>Writes and flushes <c>stem.N.tmp</c> and renames it, on the same volume; removes it again if that fails.</summary>
    /// <param name="path">Gives the final name, once all is written.</param>
    internal static void Write(string stem, Action<Stream> write, Func<string> path)
    {
        // Open until it has its name: that is how others see that it is not abandoned.
        using var stream = CreateTemporary(stem);
        try
        {
            write(stream);
            Keep(stream, path);
        }
        catch
        {
            Abandon(stream);
            throw;
        }
    }

    /// <summary>Flushes what was written to a temporary file, and gives it its name.</summary>
    internal static void Keep(FileStream stream, Func<string> path)
    {
        stream.Flush(flushToDisk: true);
        var final = path();
        var directory = Path.GetDirectoryName(final)!;
        Directory.CreateDirectory(directory);
        File.Move(stream.Name, final, overwrite: true);
        DirectoryFlush.Flush(directory);
    }

    /// <summary>What writes may want to go back in the file, which a pipe cannot.</summary>
    private static void WriteInto(string path, Action<Stream> write)
    {
        using var whole = new FileStream(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            1 << 16,
            FileOptions.DeleteOnClose);
        write(whole);
        whole.Position = 0;
        using var target = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        whole.CopyTo(target);
    }

    // By number and counter: those of earlier versions.
    [GeneratedRegex(@"\.([0-9a-f]{16}|\d+-\d+)\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex TemporaryName();

    // Random, since a process of the same number may write here from another container. Network file systems lock only what can be read
    // too.
    internal static FileStream CreateTemporary(string stem) => new(
        $"{stem}.{RandomNumberGenerator.GetHexString(NameDigits, lowercase: true)}.tmp",
        FileMode.CreateNew,
        FileAccess.ReadWrite,
        FileShare.Read | FileShare.Delete,
        1 << 16);

    // Closing flushes what is buffered, which fails again on a full disk; the first failure is the one to report.
    internal static void Abandon(FileStream stream)
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
