using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Actors.Protocol;

/// <summary>A unit's samples with the verdicts on them.</summary>
public sealed record JudgedUnit(Digest Samples, Digest Judgements);

/// <summary>Selects the round's preference pairs.</summary>
/// <param name="Policy">The adapter that the samples were drawn with, for provenance; null is the base.</param>
public sealed record PairOrder(WorkId Id, ImmutableArray<JudgedUnit> Units, Digest? Policy) : WorkOrder(Id);

/// <param name="Pairs">The stored pairs file.</param>
/// <param name="PairCount">Pairs in it.</param>
/// <param name="Ties">Two samples of one prompt that differ and scored alike.</param>
/// <param name="Dropped">Prompts that gave no pair.</param>
/// <param name="Counts">What became of every two samples; null in a journal from before they were counted.</param>
public sealed record PairResult(WorkId Id, Digest Pairs, int PairCount, long Ties, int Dropped, double Seconds, PairSelectionCounts? Counts = null)
    : WorkResult(Id, Seconds);
