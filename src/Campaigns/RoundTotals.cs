using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IterativeDpo.Campaigns;

/// <summary>What the units of a round come to: of a round that has ended a campaign keeps this, and the journal keeps the units.</summary>
/// <param name="Tokens">Tokens sampled.</param>
/// <param name="Dropped">Prompts whose judging was given up.</param>
/// <param name="HeldOut">Held-out completions that are right.</param>
/// <param name="MeanTokens">Mean length of the held-out completions, in tokens.</param>
/// <param name="MeanEntropy">Mean entropy of the policy per held-out token, in nats.</param>
/// <param name="Sets">Figures of further sets, by their names; null is none.</param>
/// <param name="Repeats">Of the held-out completions, as in <see cref="SampleResult"/>.</param>
/// <param name="Identical">Of the samples, likewise.</param>
/// <param name="MeanScore">Of the samples.</param>
/// <param name="MeanThoughts">Of the mean length what was thought before the answer; null where nothing was.</param>
/// <param name="Divergence">Of the round's policy from the base; null where it was not measured.</param>
/// <param name="First">The round's first unit that was judged, with its verdicts; null where there is none.</param>
public sealed record RoundTotals(
    int Prompts,
    int Samples,
    long Tokens,
    int Dropped,
    TaskScore HeldOut,
    double MeanTokens,
    double MeanEntropy,
    double SampleSeconds,
    double JudgeSeconds,
    double EvaluateSeconds,
    double GradeSeconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedDictionary<string, SetScore>? Sets = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Repeats = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Identical = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? MeanScore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? MeanThoughts = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Divergence? Divergence = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JudgedUnit? First = null)
{
    public static RoundTotals Of(RoundState round)
    {
        SampleResult[] answers = [.. round.Evaluations.Values.Where(unit => unit.Set is null)];
        var tokens = answers.Sum(unit => unit.Tokens);
        var sets = round.Grades.Values.Select(unit => unit.Set).OfType<SetScore>().GroupBy(unit => unit.Set)
            .ToImmutableSortedDictionary(set => set.Key, set => set.Aggregate((left, right) => left + right), StringComparer.Ordinal);
        return new(
            round.Samples.Values.Sum(unit => unit.Prompts),
            round.Samples.Values.Sum(unit => unit.SampleCount),
            round.Samples.Values.Sum(unit => unit.Tokens),
            round.Judgements.Values.Sum(unit => unit.Dropped) + round.DroppedUnits.Sum(unit => round.Samples[unit].Prompts),
            round.HeldOutGrades.Values.SelectMany(unit => unit.ByTask.Values).Aggregate(new TaskScore(0, 0), (left, right) => left + right),
            Mean(tokens, answers.Sum(unit => unit.SampleCount)),
            Mean(answers.Sum(unit => unit.MeanEntropy * unit.Tokens), tokens),
            round.Samples.Values.Sum(unit => unit.Seconds),
            round.Judgements.Values.Sum(unit => unit.Seconds),
            round.Evaluations.Values.Sum(unit => unit.Seconds),
            round.Grades.Values.Sum(unit => unit.Seconds),
            sets.IsEmpty ? null : sets,
            Mean(answers.Select(unit => (unit.Repeats, unit.SampleCount))),
            Mean(round.Samples.Values.Select(unit => (unit.Identical, unit.SampleCount))),
            Mean(round.Judgements.Select(unit => (unit.Value.MeanScore, round.Samples[unit.Key].SampleCount))),
            answers.Any(unit => unit.Thoughts > 0) ? Mean(answers.Sum(unit => unit.Thoughts), answers.Sum(unit => unit.SampleCount)) : null,
            answers
                .Select(unit => unit.Divergence)
                .OfType<Divergence>()
                .Aggregate((Divergence?)null, (sum, unit) => sum is null ? unit : sum + unit),
            // Of the first round alone: it is the one that is labelled again.
            round is { Number: 1, Judgements: { Count: > 0 } judged }
            && judged.First() is var first
                ? new JudgedUnit(round.Samples[first.Key].Samples, first.Value.Verdicts)
                : null);
    }

    /// <summary>Without what is only needed while the next rounds may be compared with this one.</summary>
    public RoundTotals WithoutPrompts() =>
        this with
        {
            Sets = Sets?.ToImmutableSortedDictionary(set => set.Key, set => set.Value with { ByPrompt = null }, StringComparer.Ordinal),
        };

    /// <summary>Over all samples; null where no unit has it.</summary>
    private static double? Mean(IEnumerable<(double? Value, int Samples)> units)
    {
        var known = units.Where(unit => unit.Value is not null).ToArray();
        return known.Length == 0 ? null : Mean(known.Sum(unit => unit.Value!.Value * unit.Samples), known.Sum(unit => unit.Samples));
    }

    private static double Mean(double sum, long count) => count == 0 ? 0 : sum / count;
}
