using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Who does a unit of work.</summary>
public enum WorkerRole { Generator, Judge, Pairer, Trainer, Publisher }

/// <summary>A unit of work handed to a worker. Doing it twice does no harm.</summary>
public abstract record WorkOrder(WorkId Id) : IClusterMessage
{
    /// <summary>
    /// Tells this order from others for the same work: whatever comes of it carries the number, so that a late answer to an earlier order is
    /// not taken for one to a later. 0 until it is given to a worker.
    /// </summary>
    public long Number { get; init; }

    /// <summary>Who does work of this stage.</summary>
    [JsonIgnore]
    public WorkerRole Role => Id.Stage switch
    {
        Stage.Sample or Stage.Evaluate => WorkerRole.Generator,
        Stage.Judge or Stage.Grade => WorkerRole.Judge,
        Stage.Pair => WorkerRole.Pairer,
        Stage.Train => WorkerRole.Trainer,
        _ => WorkerRole.Publisher,
    };
}

/// <summary>What finished work left behind: digests of stored artifacts and small counts, never bulk.</summary>
/// <param name="Seconds">How long the work took.</param>
[JsonPolymorphic]
[JsonDerivedType(typeof(SampleResult), "sample")]
[JsonDerivedType(typeof(JudgeResult), "judge")]
[JsonDerivedType(typeof(PairResult), "pair")]
[JsonDerivedType(typeof(TrainResult), "train")]
[JsonDerivedType(typeof(PublishResult), "publish")]
public abstract record WorkResult(WorkId Id, double Seconds) : IClusterMessage;

/// <summary>What a failure means for the campaign.</summary>
public enum FailureKind
{
    /// <summary>The next attempt may succeed: a crash, a lost worker, a time-out.</summary>
    Transient,

    /// <summary>Another attempt would fail alike until someone acts: a full disk, a missing file, a loss that is not finite.</summary>
    Permanent,
}

/// <summary>From a worker: work in hand got this far.</summary>
/// <param name="Done">Prompts or steps done.</param>
/// <param name="Total">Prompts or steps in this unit.</param>
/// <param name="Tokens">Tokens generated so far; 0 where none are.</param>
/// <param name="Seconds">Time spent so far.</param>
/// <param name="Metrics">The last step's metrics, by TRL's names; empty outside training.</param>
public sealed record WorkProgress(
    WorkId Id,
    int Done,
    int Total,
    long Tokens,
    double Seconds,
    ImmutableSortedDictionary<string, double> Metrics) : IClusterMessage;

/// <summary>To a worker: give up what is in hand, keeping what can be kept.</summary>
public sealed record CancelWork : IClusterMessage;

/// <summary>From a worker: the work was given up because the campaign asked; it counts as not attempted.</summary>
/// <param name="Order">The order's number.</param>
public sealed record WorkCancelled(WorkId Id, long Order) : IClusterMessage;

/// <summary>From a worker that has nothing in hand: it can take work of its role.</summary>
public sealed record WorkerReady(WorkerRole Role) : IClusterMessage;
