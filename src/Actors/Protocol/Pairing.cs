using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Actors.Protocol;

/// <summary>A unit's samples with the verdicts on them.</summary>
public sealed record JudgedUnit(Digest Samples, Digest Judgements);

/// <summary>Selects the round's preference pairs.</summary>
/// <param name="Policy">The adapter that the samples were drawn with, for provenance; null is the base.</param>
/// <param name="Statistics">The prompts' statistics that the round's scores are to be taken into; null is none.</param>
public sealed record PairOrder(
    WorkId Id, ImmutableArray<JudgedUnit> Units, Digest? Policy, StatisticsOrder? Statistics = null) : WorkOrder(Id);

/// <summary>Takes a round's scores into the prompts' statistics.</summary>
/// <param name="Previous">The stored statistics so far; null is none.</param>
public sealed record StatisticsOrder(Digest? Previous);

/// <param name="Pairs">The stored pairs file.</param>
/// <param name="PairCount">Pairs in it.</param>
/// <param name="Ties">Two samples of one prompt that differ and scored alike.</param>
/// <param name="Dropped">Prompts that gave no pair.</param>
/// <param name="Counts">What became of every two samples; null in a journal from before they were counted.</param>
/// <param name="PromptStatistics">The stored statistics with this round in them, where they were ordered.</param>
public sealed record PairResult(
    WorkId Id,
    Digest Pairs,
    int PairCount,
    long Ties,
    int Dropped,
    double Seconds,
    PairSelectionCounts? Counts = null,
    Digest? PromptStatistics = null) : WorkResult(Id, Seconds);
