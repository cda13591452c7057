using System.Collections.Immutable;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Trains the round's adapter.</summary>
/// <param name="Pairs">Stored pairs files, oldest first.</param>
/// <param name="Initial">The adapter to go on from; null starts a fresh one.</param>
/// <param name="Reference">The adapter of the reference policy; null is the base.</param>
/// <param name="Parent">The adapter whose samples the pairs come from, for provenance.</param>
/// <param name="Replay">Earlier pairs to draw some from; null is none.</param>
public sealed record TrainOrder(
    WorkId Id,
    ImmutableArray<Digest> Pairs,
    Digest? Initial,
    Digest? Reference,
    Digest? Parent,
    ReplayOrder? Replay = null) : WorkOrder(Id);

/// <summary>Mixes pairs of earlier rounds into those of this one.</summary>
/// <param name="Pairs">Stored pairs files of the earlier rounds, oldest first.</param>
/// <param name="Share">Their share of all the pairs that are trained on, below 1.</param>
public sealed record ReplayOrder(ImmutableArray<Digest> Pairs, double Share);

/// <param name="Adapter">The stored adapter GGUF.</param>
/// <param name="History">The stored metrics of every step, see <see cref="Training.MetricsLog"/>.</param>
/// <param name="Metrics">Means over the round, by TRL's names.</param>
public sealed record TrainResult(
    WorkId Id,
    Digest Adapter,
    Digest History,
    int Steps,
    ImmutableSortedDictionary<string, double> Metrics,
    double Seconds) : WorkResult(Id, Seconds);
