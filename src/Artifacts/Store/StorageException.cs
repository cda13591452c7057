namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// A file of ours, an artifact or another, could not be written or read: no space, no permission, missing, corrupt. The message names the
/// file and the remedy. Nothing is left half-written, so the work can be taken up again once the cause is removed.
/// </summary>
public class StorageException : Exception
{
    public StorageException(string message) : base(message) { }

    public StorageException(string message, Exception innerException) : base(message, innerException) { }
}
