using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Replays;

/// <summary>What became of work that was done again.</summary>
public enum ReplayOutcome
{
    /// <summary>Every artifact is the recorded one, bit by bit.</summary>
    Same,

    /// <summary>
    /// Not bit by bit, and it was recorded on another machine, build or number of threads: within what those make of the same work.
    /// </summary>
    Close,

    Differs,

    /// <summary>An artifact that was recorded is lost, or has other bytes than were recorded.</summary>
    Damaged,

    /// <summary>It could not be done again.</summary>
    Failed,

    /// <summary>Somebody outside would have to be called for it.</summary>
    NotReplayed,
}

/// <param name="Replayed">The artifacts that came now; empty where none did.</param>
/// <param name="Words">What is the matter: the first difference, or the trouble. Null where it is the same.</param>
public sealed record ReplayedWork(RecordedWork Recorded, IReadOnlyList<Digest> Replayed, ReplayOutcome Outcome, string? Words = null);
