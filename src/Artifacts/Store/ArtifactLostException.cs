namespace IterativeDpo.Artifacts.Store;

/// <summary>An artifact that everybody who was asked has not, or has damaged: what made it must be done again.</summary>
/// <param name="whoWasAsked">Who, and what they answered.</param>
public sealed class ArtifactLostException(Digest digest, string whoWasAsked)
    : StorageException($"artifact {digest} is lost: {whoWasAsked}. Restore it from a copy, or run the round that made it again.")
{
    public Digest Digest { get; } = digest;
}
