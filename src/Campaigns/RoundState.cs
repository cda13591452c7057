using System.Collections.Immutable;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns;

/// <summary>What became of a round.</summary>
public enum RoundOutcome
{
    /// <summary>Its adapter is the checkpoint.</summary>
    Kept,

    /// <summary>Its adapter lost too much accuracy: the checkpoint before stays.</summary>
    RolledBack,

    /// <summary>It made no pair to train on: the checkpoint before stays.</summary>
    Skipped,
}

/// <summary>One round: every result so far, by unit.</summary>
/// <param name="Number">From 1; 0 is the evaluation of the base.</param>
/// <param name="Policy">The checkpoint that samples; null is the base.</param>
public sealed record RoundState(int Number, Digest? Policy)
{
    public ImmutableSortedDictionary<int, SampleResult> Samples { get; init; } = ImmutableSortedDictionary<int, SampleResult>.Empty;

    public ImmutableSortedDictionary<int, JudgeResult> Judgements { get; init; } = ImmutableSortedDictionary<int, JudgeResult>.Empty;

    /// <summary>Units whose judging was given up.</summary>
    public ImmutableSortedSet<int> DroppedUnits { get; init; } = [];

    public PairResult? Pairs { get; init; }

    /// <summary>The training so far, where it was stored on its way; null once it is done.</summary>
    public Digest? Checkpoint { get; init; }

    public TrainResult? Training { get; init; }

    public PublishResult? Publication { get; init; }

    public ImmutableSortedDictionary<int, SampleResult> Evaluations { get; init; } = ImmutableSortedDictionary<int, SampleResult>.Empty;

    public ImmutableSortedDictionary<int, JudgeResult> Grades { get; init; } = ImmutableSortedDictionary<int, JudgeResult>.Empty;

    /// <summary>Null while the round runs.</summary>
    public RoundOutcome? Outcome { get; init; }

    /// <summary>Time spent on the round, without the time in which the campaign did not run.</summary>
    public double TotalSeconds { get; init; }

    /// <summary>All results so far.</summary>
    [JsonIgnore]
    public IEnumerable<WorkResult> Results =>
        new WorkResult?[] { Pairs, Training, Publication }.OfType<WorkResult>().Concat(Samples.Values).Concat(Judgements.Values).Concat(Evaluations.Values).Concat(Grades.Values);

    [JsonIgnore]
    public int Prompts => Samples.Values.Sum(unit => unit.Prompts);

    [JsonIgnore]
    public int SampleCount => Samples.Values.Sum(unit => unit.SampleCount);

    [JsonIgnore]
    public long GeneratedTokens => Samples.Values.Sum(unit => unit.Tokens);

    /// <summary>Prompts that gave no pair, for whatever reason.</summary>
    [JsonIgnore]
    public int DroppedPrompts =>
        (Pairs?.Dropped ?? 0) + Judgements.Values.Sum(unit => unit.Dropped) + DroppedUnits.Sum(unit => Samples[unit].Prompts);

    /// <summary>Held-out completions that are right, by task.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, TaskScore> HeldOutByTask =>
        Grades.Values.SelectMany(unit => unit.ByTask)
            .GroupBy(task => task.Key, task => task.Value)
            .ToImmutableSortedDictionary(task => task.Key, task => task.Aggregate((left, right) => left + right));

    [JsonIgnore]
    public TaskScore HeldOut => HeldOutByTask.Values.Aggregate(new TaskScore(0, 0), (left, right) => left + right);

    /// <summary>Mean length of the held-out completions, in tokens.</summary>
    [JsonIgnore]
    public double MeanTokens => Mean(Evaluations.Values.Sum(unit => unit.Tokens), Evaluations.Values.Sum(unit => unit.SampleCount));

    /// <summary>Mean entropy of the policy per held-out token, in nats.</summary>
    [JsonIgnore]
    public double MeanEntropy =>
        Mean(Evaluations.Values.Sum(unit => unit.MeanEntropy * unit.Tokens), Evaluations.Values.Sum(unit => unit.Tokens));

    /// <summary>Time that units of a stage took, added up over workers.</summary>
    public double Seconds(Stage stage) => stage switch
    {
        Stage.Sample => Samples.Values.Sum(unit => unit.Seconds),
        Stage.Judge => Judgements.Values.Sum(unit => unit.Seconds),
        Stage.Pair => Pairs?.Seconds ?? 0,
        Stage.Train => Training?.Seconds ?? 0,
        Stage.Publish => Publication?.Seconds ?? 0,
        Stage.Evaluate => Evaluations.Values.Sum(unit => unit.Seconds),
        _ => Grades.Values.Sum(unit => unit.Seconds),
    };

    private static double Mean(double sum, long count) => count == 0 ? 0 : sum / count;
}
