using System.Diagnostics;
using System.Text;

namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// A directory held by this process until it is disposed or dies: <c>lock</c> is locked by the living owner, <c>owner</c> has its
/// process id.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    // The lock is the open file: it goes with the process however that ends. Being locked it cannot be read, hence the owner's file.
    private readonly FileStream _file;

    /// <summary>A process's start is told by another clock than a file's time.</summary>
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromSeconds(1);

    private DirectoryLock(FileStream file) => _file = file;

    /// <param name="path">A directory that exists.</param>
    /// <param name="option">The command line's option for it, which the message names.</param>
    /// <exception cref="UserInputException">A living process holds it.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static DirectoryLock Take(string path, string option)
    {
        var owner = Path.Combine(path, "owner");
        FileStream? file = null;
        try
        {
            file = new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            AtomicFile.Write(owner, stream => stream.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}")));
            return new(file);
        }
        catch (IOException e) when (IsLocked(e))
        {
            var holder = File.Exists(owner) ? $"process {File.ReadAllText(owner)}" : "another process";
            throw new UserInputException(
                $"{path}: in use by {holder}. Wait for it to end, stop it, or choose another directory with {option}.",
                e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The process that holds a directory, as far as that can be told without taking it: the one that is named there, if it was there when
    /// that was written. Null: none.
    /// </summary>
    public static int? HolderOf(string path)
    {
        try
        {
            var owner = new FileInfo(Path.Combine(path, "owner"));
            if (!owner.Exists || !int.TryParse(File.ReadAllText(owner.FullName), out var id))
            {
                return null;
            }
            using var process = Process.GetProcessById(id);
            return process.StartTime.ToUniversalTime() <= owner.LastWriteTimeUtc + s_clockTolerance ? id : null;
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception || IoFailure.Is(e))
        {
            // There is no such process, or it is another user's.
            return null;
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.
    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}
