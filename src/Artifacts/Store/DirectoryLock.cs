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
            throw new UserInputException($"{path}: in use by {holder}. Wait for it to end, stop it, or choose another directory with {option}.", e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.
    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}
