using System.Collections.Immutable;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Judges every sample of a stored samples file.</summary>
/// <param name="Policy">The adapter that the samples were drawn with; null is the base.</param>
/// <param name="Known">Stored verdicts of an attempt before, which failed on some of the prompts.</param>
/// <param name="IsLast">There is no further attempt: prompts that the judge fails on are dropped and counted.</param>
public sealed record JudgeOrder(WorkId Id, Digest Samples, Digest? Policy = null, Digest? Known = null, bool IsLast = false) : WorkOrder(Id);

/// <summary>How many samples of a task were right, of those that got a verdict.</summary>
public sealed record TaskScore(int Right, int Total)
{
    public static TaskScore operator +(TaskScore left, TaskScore right) => new(left.Right + right.Right, left.Total + right.Total);

    /// <summary>The share that is right, 0 where nothing was scored.</summary>
    public double Accuracy() => Total == 0 ? 0 : (double)Right / Total;
}

/// <param name="Judgements">The stored verdicts file.</param>
/// <param name="Abstained">Samples without a verdict.</param>
/// <param name="Dropped">Prompts given up because the judge failed on them time and again.</param>
/// <param name="ByTask">Right samples by the prompts' task.</param>
/// <param name="Usage">What the verdicts cost.</param>
/// <param name="Latency">How long they took, without those of an attempt before; null in journals from before it was measured.</param>
public sealed record JudgeResult(
    WorkId Id,
    Digest Judgements,
    int Abstained,
    int Dropped,
    ImmutableSortedDictionary<string, TaskScore> ByTask,
    double Seconds,
    JudgeUsage? Usage = null,
    Latency? Latency = null) : WorkResult(Id, Seconds);
