using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns;

/// <summary>What became of a round.</summary>
public enum RoundOutcome
{
    /// <summary>Its adapter is the checkpoint.</summary>
    Kept,

    /// <summary>Its adapter did not pass the gate: the checkpoint before stays.</summary>
    RolledBack,

    /// <summary>It made no pair to train on: the checkpoint before stays.</summary>
    Skipped,
}

/// <summary>One round: every result so far, by unit, and their totals once it has ended.</summary>
/// <param name="Number">From 1; 0 is the evaluation of the base.</param>
/// <param name="Policy">The checkpoint that samples; null is the base.</param>
public sealed record RoundState(int Number, Digest? Policy)
{
    /// <summary>A round never changes: its units are summed up once, however many figures somebody asks for.</summary>
    private static readonly ConditionalWeakTable<RoundState, RoundTotals> s_sums = [];

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

    /// <summary>What the judge says now of samples of the first round; null where it was not asked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JudgeResult? Anchor { get; init; }

    /// <summary>Null while the round runs.</summary>
    public RoundOutcome? Outcome { get; init; }

    /// <summary>What the gate went by; null where it was not asked, and in journals from before it was noted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GateEvidence? Gate { get; init; }

    /// <summary>Time spent on the round, without the time in which the campaign did not run.</summary>
    public double TotalSeconds { get; init; }

    /// <summary>What its units came to, once it has ended and they are not kept any more; null before, and where they are.</summary>
    public RoundTotals? Totals { get; init; }

    /// <summary>All results that are kept.</summary>
    [JsonIgnore]
    public IEnumerable<WorkResult> Results =>
        new WorkResult?[] { Pairs, Training, Publication, Anchor }
            .OfType<WorkResult>()
            .Concat(Samples.Values)
            .Concat(Judgements.Values)
            .Concat(Evaluations.Values)
            .Concat(Grades.Values);

    [JsonIgnore]
    public int Prompts => Sum.Prompts;

    [JsonIgnore]
    public int SampleCount => Sum.Samples;

    [JsonIgnore]
    public long GeneratedTokens => Sum.Tokens;

    /// <summary>Prompts that gave no pair, for whatever reason.</summary>
    [JsonIgnore]
    public int DroppedPrompts => (Pairs?.Dropped ?? 0) + Sum.Dropped;

    /// <summary>Held-out completions that are right, by task; none where the units are not kept.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, TaskScore> HeldOutByTask =>
        HeldOutGrades.Values.SelectMany(unit => unit.ByTask)
            .GroupBy(task => task.Key, task => task.Value)
            .ToImmutableSortedDictionary(task => task.Key, task => task.Aggregate((left, right) => left + right));

    [JsonIgnore]
    public TaskScore HeldOut => Sum.HeldOut;

    /// <summary>
    /// How it did on the sets that it was measured on beside the held-out prompts, and on these where answers are compared by prompt.
    /// </summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, SetScore> Sets => Sum.Sets ?? ImmutableSortedDictionary<string, SetScore>.Empty;

    /// <summary>Mean length of the held-out completions, in tokens.</summary>
    [JsonIgnore]
    public double MeanTokens => Sum.MeanTokens;

    /// <summary>Of that mean what was thought before the answer; null where nothing was.</summary>
    [JsonIgnore]
    public double? MeanThoughts => Sum.MeanThoughts;

    /// <summary>Mean entropy of the policy per held-out token, in nats.</summary>
    [JsonIgnore]
    public double MeanEntropy => Sum.MeanEntropy;

    /// <summary>
    /// Share of runs of four tokens in held-out completions that were there before in the completion; null where it was not measured.
    /// </summary>
    [JsonIgnore]
    public double? Repeats => Sum.Repeats;

    /// <summary>Share of samples that are the same text as one before of the same prompt; null where it was not measured.</summary>
    [JsonIgnore]
    public double? Identical => Sum.Identical;

    /// <summary>How far the policy that the round trained is from the base; null where it was not measured.</summary>
    [JsonIgnore]
    public Divergence? Divergence => Sum.Divergence;

    /// <summary>The judge's mean score of the samples; null where there are no scores.</summary>
    [JsonIgnore]
    public double? MeanScore => Sum.MeanScore;

    /// <summary>Samples that later rounds have labelled again, with their first verdicts; null but in the first round.</summary>
    [JsonIgnore]
    public JudgedUnit? FirstJudged => Sum.First;

    /// <summary>Those of the held-out prompts, without further sets.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<int, JudgeResult> HeldOutGrades =>
        Grades.RemoveRange(Grades.Where(unit => unit.Value.Set is { Set: not EvaluationOptions.HeldOut }).Select(unit => unit.Key));

    private RoundTotals Sum => Totals ?? s_sums.GetValue(this, RoundTotals.Of);

    /// <summary>Time that units of a stage took, added up over workers.</summary>
    public double Seconds(Stage stage) => stage switch
    {
        Stage.Sample => Sum.SampleSeconds,
        Stage.Judge => Sum.JudgeSeconds,
        Stage.Pair => Pairs?.Seconds ?? 0,
        Stage.Train => Training?.Seconds ?? 0,
        Stage.Publish => Publication?.Seconds ?? 0,
        Stage.Evaluate => Sum.EvaluateSeconds,
        Stage.Anchor => Anchor?.Seconds ?? 0,
        _ => Sum.GradeSeconds,
    };

    /// <summary>The round with what its units came to in place of their results, and without what only reports ask for.</summary>
    public RoundState Fold() => new(Number, Policy)
    {
        Pairs = Pairs is { } pairs ? pairs with { Counts = null } : null,
        Training = Training is { } training ? training with { Metrics = training.Metrics.Clear() } : null,
        Publication = Publication,
        Anchor = Anchor is { } anchor ? anchor with { Usage = null, Latency = null } : null,
        Outcome = Outcome,
        Gate = Gate,
        TotalSeconds = TotalSeconds,
        Totals = Sum,
    };
}
