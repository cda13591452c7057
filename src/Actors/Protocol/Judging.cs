using System.Collections.Immutable;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Judges every sample of a stored samples file.</summary>
public sealed record JudgeOrder(WorkId Id, Digest Samples) : WorkOrder(Id);

/// <summary>How many samples of a task were right, of those that got a verdict.</summary>
public sealed record TaskScore(int Right, int Total)
{
    public static TaskScore operator +(TaskScore left, TaskScore right) => new(left.Right + right.Right, left.Total + right.Total);

    /// <summary>The share that is right, 0 where nothing was scored.</summary>
    public double Accuracy() => Total == 0 ? 0 : (double)Right / Total;
}

/// <param name="Judgements">The stored judgements file.</param>
/// <param name="Abstained">Samples without a verdict.</param>
/// <param name="Dropped">Prompts given up because the judge failed on them time and again.</param>
/// <param name="ByTask">Right samples by the prompts' task.</param>
public sealed record JudgeResult(
    WorkId Id,
    Digest Judgements,
    int Abstained,
    int Dropped,
    ImmutableSortedDictionary<string, TaskScore> ByTask,
    double Seconds) : WorkResult(Id, Seconds);
