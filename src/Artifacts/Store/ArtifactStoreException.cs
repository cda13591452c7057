namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// Stored data could not be written or read: no space, no permission, missing, corrupt. The message names the file and the remedy.
/// Nothing is left half-written, so the work can be taken up again once the cause is removed.
/// </summary>
public sealed class ArtifactStoreException : Exception
{
    public ArtifactStoreException(string message) : base(message) { }

    public ArtifactStoreException(string message, Exception innerException) : base(message, innerException) { }
}
