using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Host.Commands;

/// <summary>
/// Where a command writes: what is there is kept unless <c>--force</c> was given, and what the command reads in any case.
/// </summary>
public static class OutputPath
{
    /// <summary>A file that is missing, any with <paramref name="force"/>, or a pipe or device, of which nothing is replaced.</summary>
    /// <exception cref="UserInputException">There is a directory, a file that may not be replaced, or one of the inputs.</exception>
    public static string OfFile(FileInfo output, bool force, params ReadOnlySpan<FileInfo> inputs)
    {
        foreach (var input in inputs)
        {
            if (GgufFile.PathsOf(input.FullName).Any(path => AtomicFile.Target(path) == AtomicFile.Target(output.FullName)))
            {
                throw new UserInputException($"{output}: the command reads this file, so it cannot write it. Choose another --out.");
            }
        }
        if (Directory.Exists(output.FullName))
        {
            throw new UserInputException($"{output}: this is a directory. Choose a file for --out.");
        }
        if (!force && output.Exists && !SpecialFile.Is(output.FullName))
        {
            throw Exists(output);
        }
        CheckWritable(output);
        return output.FullName;
    }

    /// <summary>Before the work that is to be written: what cannot be, for want of a directory, permission or space.</summary>
    private static void CheckWritable(FileInfo output)
    {
        var target = AtomicFile.Target(output.FullName);
        var directory = SpecialFile.Is(target) ? null : Path.GetDirectoryName(target);
        // Directories that are not there are made when the file is written.
        while (directory is not null && !Directory.Exists(directory))
        {
            if (File.Exists(directory))
            {
                throw new UserInputException($"{output}: {directory} is a file, and no directory. Choose another path.");
            }
            directory = Path.GetDirectoryName(directory);
        }
        try
        {
            if (directory is not null)
            {
                AtomicFile.TryWriting(directory);
            }
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{output}: cannot be written in {directory}: {IoFailure.Cause(e)}", e);
        }
    }

    /// <summary>A directory that is missing or empty, or any with <paramref name="force"/>.</summary>
    /// <exception cref="UserInputException">There is a file, or a directory with something in it.</exception>
    public static string OfDirectory(DirectoryInfo output, bool force)
    {
        if (File.Exists(output.FullName))
        {
            throw new UserInputException($"{output}: this is a file. Choose a directory for --out.");
        }
        return !force && output.Exists && output.EnumerateFileSystemInfos().Any() ? throw Exists(output) : output.FullName;
    }

    private static UserInputException Exists(FileSystemInfo output) =>
        new($"{output}: there is something already. Choose another --out, or replace it with --force.");
}
