using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Workers;

/// <summary>Some of the work could not be done; the rest is stored, for the next attempt.</summary>
public sealed class UnfinishedWorkException(string message, JudgeResult partial) : Exception(message)
{
    public JudgeResult Partial { get; } = partial;
}

/// <summary>Tells failures that would come again from those that may pass.</summary>
internal static class WorkFailures
{
    /// <summary>An engine or a service may say anything, and a message has to get through.</summary>
    private const int MostCharacters = 1000;

    public static FailureKind KindOf(Exception error) => error switch
    {
        UserInputException or StorageException or NonFiniteTrainingException => FailureKind.Permanent,
        IOException or UnauthorizedAccessException => FailureKind.Permanent,
        _ => FailureKind.Transient,
    };

    /// <summary>
    /// Whether it is this node that cannot do the work, where there may be others: it lacks a file or memory, or its disk is full.
    /// </summary>
    public static bool IsOfNode(Exception error) =>
        error is NodeTroubleException or NotEnoughMemoryException or (StorageException and not ArtifactLostException)
        || IoFailure.Is(error);

    /// <summary>The text, or its beginning where it is long.</summary>
    public static string Shorten(string text) => text.Length <= MostCharacters ? text : $"{text[..MostCharacters]}…";

    public static Digest? LostIn(Exception error) => (error as ArtifactLostException)?.Digest;
}
