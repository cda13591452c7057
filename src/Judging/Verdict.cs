using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IterativeDpo.Judging;

/// <summary>All that a judge says about the samples of one prompt.</summary>
/// <param name="Judgements">One for each sample.</param>
/// <param name="Comparisons">Of samples with each other, where the judge compares them: at most one for each two.</param>
/// <param name="Usage">What it cost.</param>
/// <param name="Consistency">How far the policy before ranks the samples alike, where that was asked for, see
/// <see cref="Pairs.RankConsistency"/>.</param>
/// <param name="AwaitsPeople">Whether people are asked, whose verdict counts in the next round.</param>
public sealed record Verdict(
    IReadOnlyList<Judgement> Judgements,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Comparison>? Comparisons = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JudgeUsage? Usage = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Consistency = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool AwaitsPeople = false);

/// <summary>A judge's verdict on one sample. No score means that the judge abstained.</summary>
/// <param name="SampleIndex">The <see cref="Generation.Sample.Index"/> judged.</param>
/// <param name="Score">Higher is better, or null: abstained. Judges that grade say 0 (worst) to 1 (right); rewards have no bounds.</param>
/// <param name="Explanation">Why, for provenance.</param>
/// <param name="Calls">What was asked of a model, and what it said.</param>
public sealed record Judgement(
    int SampleIndex,
    double? Score,
    string Explanation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JudgeCall>? Calls = null);

/// <summary>Which of two samples a judge prefers.</summary>
public enum Preference
{
    First,
    Second,

    /// <summary>Neither, or one when shown first and the other when shown second.</summary>
    Tie,

    /// <summary>The judge could not tell.</summary>
    Abstained,
}

/// <summary>A judge's verdict on two samples of one prompt.</summary>
/// <param name="First">The <see cref="Generation.Sample.Index"/> of one.</param>
/// <param name="Second">The index of the other.</param>
/// <param name="Probability">That the first is better, 0 to 1; a tie keeps what the judge leaned to.</param>
/// <param name="Explanation">Why, for provenance.</param>
/// <param name="Forward">That the first is better when it is shown first; null where there is no order.</param>
/// <param name="Backward">That the first is better when it is shown second.</param>
/// <param name="Calls">What was asked of a model, and what it said.</param>
public sealed record Comparison(
    int First,
    int Second,
    Preference Preference,
    double Probability,
    string Explanation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Forward = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Backward = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JudgeCall>? Calls = null);

/// <summary>What a judge asked a model: the resolved template, and the answer.</summary>
public sealed record JudgeCall(string Prompt, string Answer);

/// <summary>What verdicts cost.</summary>
/// <param name="Calls">Calls made to a model or a service.</param>
/// <param name="CachedCalls">Calls that were answered from what was asked before, and cost nothing.</param>
/// <param name="Asked">How often a cascade asked each of its steps, by name.</param>
public sealed record JudgeUsage(
    int Calls = 0,
    int CachedCalls = 0,
    long InputTokens = 0,
    long OutputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedDictionary<string, int>? Asked = null)
{
    public static JudgeUsage operator +(JudgeUsage left, JudgeUsage right) => Add(left, right);

    public static JudgeUsage Add(JudgeUsage left, JudgeUsage right) => new(
        left.Calls + right.Calls,
        left.CachedCalls + right.CachedCalls,
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        Add(left.Asked, right.Asked));

    /// <summary>All of them; null where there is none.</summary>
    public static JudgeUsage? Sum(IEnumerable<JudgeUsage?> usages) =>
        usages.OfType<JudgeUsage>().Aggregate((JudgeUsage?)null, (sum, usage) => sum is null ? usage : sum + usage);

    private static ImmutableSortedDictionary<string, int>? Add(
        ImmutableSortedDictionary<string, int>? left,
        ImmutableSortedDictionary<string, int>? right) =>
        left is null || right is null
            ? left ?? right
            : left.SetItems(right.Select(step => KeyValuePair.Create(step.Key, left.GetValueOrDefault(step.Key) + step.Value)));
}
