using System.Collections.Immutable;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Campaigns;

/// <summary>Who does a unit of work.</summary>
public enum WorkerRole { Generator, Judge, Pairer, Trainer, Publisher }

/// <summary>A unit of work handed to a worker. Doing it twice does no harm.</summary>
public abstract record WorkOrder(WorkId Id) : ICampaignMessage
{
    /// <summary>
    /// Tells this order from others for the same work: whatever comes of it carries the number, so that a late answer to an earlier order
    /// is not taken for one to a later. 0 until it is given to a worker.
    /// </summary>
    public long Number { get; init; }

    /// <summary>Whose work it is; empty until it is given to a worker.</summary>
    public string Campaign { get; init; } = "";

    /// <summary>What a node has to know of the campaign, stored; null where everybody who works for it knows.</summary>
    public Digest? Bundle { get; init; }

    /// <summary>The trace that it is part of, as W3C's <c>traceparent</c>; null where nobody listens.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The artifacts that the work reads.</summary>
    [JsonIgnore]
    public IEnumerable<Digest> Needs => Present(this switch
    {
        SampleOrder o => [o.Adapter, o.PromptStatistics],
        JudgeOrder o => [o.Samples, o.Policy, o.Known, o.Before?.Policy, o.First],
        PairOrder o =>
        [
            .. o.Units.SelectMany(unit => new Digest?[] { unit.Samples, unit.Verdicts }),
            o.Statistics?.Previous,
            o.Late?.Samples,
            o.Late?.Said,
        ],
        TrainOrder o => [.. o.Pairs, .. o.Replay?.Pairs ?? [], o.Initial, o.Reference, o.Checkpoint],
        PublishOrder o => [o.Adapter, o.Average?.Previous],
        _ => throw new InvalidOperationException($"A {GetType().Name} does not say what it needs."),
    });

    /// <summary>Who does work of this stage.</summary>
    [JsonIgnore]
    public WorkerRole Role => RoleOf(Id.Stage);

    /// <summary>Who does work of a stage.</summary>
    public static WorkerRole RoleOf(Stage stage) => stage switch
    {
        Stage.Sample or Stage.Evaluate => WorkerRole.Generator,
        Stage.Judge or Stage.Grade or Stage.Anchor => WorkerRole.Judge,
        Stage.Pair => WorkerRole.Pairer,
        Stage.Train => WorkerRole.Trainer,
        _ => WorkerRole.Publisher,
    };

    internal static IEnumerable<Digest> Present(IEnumerable<Digest?> digests) => digests.OfType<Digest>();
}

/// <summary>What finished work left behind: digests of artifacts and small counts, never bulk.</summary>
/// <param name="Seconds">How long the work took.</param>
[JsonPolymorphic]
[JsonDerivedType(typeof(SampleResult), "sample")]
[JsonDerivedType(typeof(JudgeResult), "judge")]
[JsonDerivedType(typeof(PairResult), "pair")]
[JsonDerivedType(typeof(TrainResult), "train")]
[JsonDerivedType(typeof(PublishResult), "publish")]
public abstract record WorkResult(WorkId Id, double Seconds) : ICampaignMessage
{
    /// <summary>
    /// What the work was computed on and with, in words: the same words, the same bits. Null in journals from before it was noted.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    /// <summary>The artifacts that the work left.</summary>
    [JsonIgnore]
    public IEnumerable<Digest> Leaves => WorkOrder.Present(this switch
    {
        SampleResult r => [r.Samples],
        JudgeResult r => [r.Verdicts],
        PairResult r => [r.Pairs, r.PromptStatistics, r.Awaiting, r.Said],
        TrainResult r => [r.Adapter, r.History],
        PublishResult r => [r.Adapter, r.Average],
        _ => throw new InvalidOperationException($"A {GetType().Name} does not say what it leaves."),
    });
}

/// <summary>What a failure means for the campaign.</summary>
public enum FailureKind
{
    /// <summary>The next attempt may succeed: a crash, a lost worker, a time-out.</summary>
    Transient,

    /// <summary>Another attempt would fail alike until someone acts: a full disk, a missing file, a loss that is not finite.</summary>
    Permanent,
}

/// <summary>Completes prompts: several samples of each training prompt, or one greedy completion of each held-out prompt.</summary>
/// <param name="Adapter">The adapter of the policy that samples; null is the base.</param>
/// <param name="FirstPrompt">Index of the unit's first prompt in the round's (or the held-out) prompts.</param>
/// <param name="PromptStatistics">Stored statistics that a curriculum draws the round's prompts by; null is none yet.</param>
/// <param name="Set">The set that the prompts to evaluate are of; null is the held-out ones.</param>
public sealed record SampleOrder(
    WorkId Id,
    Digest? Adapter,
    int FirstPrompt,
    int Prompts,
    Digest? PromptStatistics = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Set = null) : WorkOrder(Id);

/// <param name="Samples">The stored samples file.</param>
/// <param name="SampleCount">Completions in it.</param>
/// <param name="Tokens">Generated tokens in it.</param>
/// <param name="MeanEntropy">Mean entropy of the policy per generated token, in nats.</param>
/// <param name="Set">As in the order.</param>
/// <param name="Repeats">Mean share of runs of four tokens that were there before in the completion; null in journals from before it was
/// measured.</param>
/// <param name="Identical">Share of completions that are the same text as one before of the same prompt; null likewise.</param>
/// <param name="Thoughts">Of the tokens those that were thought before answers.</param>
/// <param name="Divergence">Of the policy that answered, on some of the unit's prompts; null where it was not measured.</param>
public sealed record SampleResult(
    WorkId Id,
    Digest Samples,
    int Prompts,
    int SampleCount,
    long Tokens,
    double MeanEntropy,
    double Seconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Set = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Repeats = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Identical = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Thoughts = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Divergence? Divergence = null) : WorkResult(Id, Seconds);

/// <summary>
/// How far a policy is from the base: the Kullback-Leibler divergence, estimated on answers that the policy sampled itself, untempered, by
/// the natural-log probability of their tokens under the policy less that under the base. Unbiased; by chance it may be below 0.
/// </summary>
/// <param name="Answers">One at least.</param>
/// <param name="Tokens">In all of them, end tokens included.</param>
/// <param name="Nats">In all of them.</param>
public sealed record Divergence(int Answers, long Tokens, double Nats)
{
    /// <summary>In nats.</summary>
    [JsonIgnore]
    public double PerAnswer => Nats / Answers;

    /// <summary>In nats.</summary>
    [JsonIgnore]
    public double PerToken => Tokens == 0 ? 0 : Nats / Tokens;

    public static Divergence operator +(Divergence left, Divergence right) =>
        new(left.Answers + right.Answers, left.Tokens + right.Tokens, left.Nats + right.Nats);
}

/// <summary>Judges every sample of a stored samples file.</summary>
/// <param name="Policy">The adapter that the samples were drawn with; null is the base.</param>
/// <param name="Known">Stored verdicts of an attempt before, which failed on some of the prompts.</param>
/// <param name="IsLast">There is no further attempt: prompts that the judge fails on are dropped and counted.</param>
/// <param name="Set">The set whose figures are asked for; null is none, as for training prompts, or for held-out ones that are not compared
/// by prompt.</param>
/// <param name="Before">Whose verdict is to be compared with that of <paramref name="Policy"/>; null is nobody's.</param>
/// <param name="First">Stored verdicts of the same judge on these samples from an earlier round, which the new ones are compared with; null
/// is none.</param>
public sealed record JudgeOrder(
    WorkId Id,
    Digest Samples,
    Digest? Policy = null,
    Digest? Known = null,
    bool IsLast = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Set = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PolicyBefore? Before = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Digest? First = null) : WorkOrder(Id);

/// <summary>The policy that another one was trained from.</summary>
/// <param name="Policy">Its adapter; null is the base.</param>
public sealed record PolicyBefore(Digest? Policy);

/// <summary>How many samples of a task were right, of those that got a verdict.</summary>
public sealed record TaskScore(int Right, int Total)
{
    public static TaskScore operator +(TaskScore left, TaskScore right) => new(left.Right + right.Right, left.Total + right.Total);

    /// <summary>The share that is right, 0 where nothing was scored.</summary>
    public double Accuracy() => Total == 0 ? 0 : (double)Right / Total;
}

/// <summary>How the answers to a set of prompts were graded.</summary>
/// <param name="Right">Answers that are right, of those that got a verdict.</param>
/// <param name="Prompts">Prompts with a verdict.</param>
/// <param name="Solved">Those with a right answer at least.</param>
/// <param name="ByPrompt">
/// How many answers to each prompt are right, in the set's order, or <see cref="NoVerdict"/>; null where nobody compares them.
/// </param>
public sealed record SetScore(string Set, TaskScore Right, int Prompts, int Solved, byte[]? ByPrompt = null)
{
    public const byte NoVerdict = 255;

    /// <summary>The share of prompts with a right answer at least: pass@k, where k is the number of answers to each.</summary>
    public double PassAtK() => Prompts == 0 ? 0 : (double)Solved / Prompts;

    /// <summary>Of two units, in their order.</summary>
    public static SetScore operator +(SetScore left, SetScore right) => new(
        left.Set,
        left.Right + right.Right,
        left.Prompts + right.Prompts,
        left.Solved + right.Solved,
        left.ByPrompt is null || right.ByPrompt is null ? null : [.. left.ByPrompt, .. right.ByPrompt]);
}

/// <param name="Verdicts">The stored verdicts file.</param>
/// <param name="Abstained">Samples without a verdict.</param>
/// <param name="Dropped">Prompts given up because the judge failed on them time and again.</param>
/// <param name="ByTask">Right held-out answers by the prompts' task; empty of samples, as nobody asks, and there are many units of
/// them.</param>
/// <param name="Usage">What the verdicts cost.</param>
/// <param name="Latency">How long they took, without those of an attempt before; null in journals from before it was measured.</param>
/// <param name="Set">The figures of the ordered set.</param>
/// <param name="MeanScore">Of the samples with a score; null where none has one, and in journals from before it was measured.</param>
/// <param name="WithFirst">With the first verdicts on these samples, which are the standard; null where none were named.</param>
public sealed record JudgeResult(
    WorkId Id,
    [property: JsonPropertyName("judgements")] Digest Verdicts,
    int Abstained,
    int Dropped,
    ImmutableSortedDictionary<string, TaskScore> ByTask,
    double Seconds,
    JudgeUsage? Usage = null,
    Latency? Latency = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SetScore? Set = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? MeanScore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Agreement? WithFirst = null) : WorkResult(Id, Seconds);

/// <summary>A unit's samples with the verdicts on them.</summary>
public sealed record JudgedUnit(Digest Samples, [property: JsonPropertyName("judgements")] Digest Verdicts);

/// <summary>Selects the round's preference pairs.</summary>
/// <param name="Policy">The adapter that the samples were drawn with, for provenance; null is the base.</param>
/// <param name="Statistics">The prompts' statistics that the round's scores are to be taken into; null is none.</param>
/// <param name="Late">What people may have judged since of the round before; null is nothing.</param>
public sealed record PairOrder(
    WorkId Id,
    ImmutableArray<JudgedUnit> Units,
    Digest? Policy,
    StatisticsOrder? Statistics = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LateOrder? Late = null) : WorkOrder(Id);

/// <summary>Takes what people have judged by now of an earlier round that did not wait for them.</summary>
/// <param name="Samples">The stored samples of the prompts that they were asked about.</param>
/// <param name="Policy">The adapter that these were drawn with; null is the base.</param>
/// <param name="Said">Stored verdicts to go by instead, where the work is done again to compare; null: people's own.</param>
public sealed record LateOrder(
    int Round,
    Digest Samples,
    Digest? Policy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Digest? Said = null);

/// <summary>Takes a round's scores into the prompts' statistics.</summary>
/// <param name="Previous">The stored statistics so far; null is none.</param>
public sealed record StatisticsOrder(Digest? Previous);

/// <param name="Pairs">The stored pairs file.</param>
/// <param name="PairCount">Pairs in it.</param>
/// <param name="Ties">Two samples of one prompt that differ and scored alike, and make no pair.</param>
/// <param name="Dropped">Prompts that gave no pair.</param>
/// <param name="Counts">What became of every two samples; null in a journal from before they were counted.</param>
/// <param name="PromptStatistics">The stored statistics with this round in them, where they were ordered.</param>
/// <param name="TiePairs">Of the pairs, those that are ties.</param>
/// <param name="Consistency">The pairs' probability, where it is how far the policies rank samples alike.</param>
/// <param name="Awaiting">The stored samples of prompts that people are asked about for the next round; null is none.</param>
/// <param name="Said">The stored verdicts of people on the round before that count in this one; null is none.</param>
public sealed record PairResult(
    WorkId Id,
    Digest Pairs,
    int PairCount,
    long Ties,
    int Dropped,
    double Seconds,
    PairSelectionCounts? Counts = null,
    Digest? PromptStatistics = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int TiePairs = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Consistency = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Digest? Awaiting = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Digest? Said = null) : WorkResult(Id, Seconds);

/// <summary>Trains the round's adapter.</summary>
/// <param name="Pairs">Stored pairs files, oldest first.</param>
/// <param name="Initial">The adapter to go on from; null starts a fresh one.</param>
/// <param name="Reference">The adapter of the reference policy; null is the base.</param>
/// <param name="Parent">The adapter whose samples the pairs come from, for provenance.</param>
/// <param name="Replay">Earlier pairs to draw some from; null is none.</param>
/// <param name="Checkpoint">What an earlier attempt stored on its way; null is nothing.</param>
public sealed record TrainOrder(
    WorkId Id,
    ImmutableArray<Digest> Pairs,
    Digest? Initial,
    Digest? Reference,
    Digest? Parent,
    ReplayOrder? Replay = null,
    Digest? Checkpoint = null) : WorkOrder(Id);

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

/// <summary>Checks the stored adapter and puts it on every generator.</summary>
/// <param name="Average">The average of adapters that it is to be taken into; null is none.</param>
public sealed record PublishOrder(WorkId Id, Digest Adapter, AverageOrder? Average = null) : WorkOrder(Id);

/// <summary>Takes an adapter into the moving average: average ← decay · average + (1 − decay) · adapter.</summary>
/// <param name="Previous">The average so far; null is the base.</param>
public sealed record AverageOrder(Digest? Previous, double Decay);

/// <param name="Average">The stored average with this adapter in it, where one was ordered.</param>
public sealed record PublishResult(WorkId Id, Digest Adapter, double Seconds, Digest? Average = null) : WorkResult(Id, Seconds);
