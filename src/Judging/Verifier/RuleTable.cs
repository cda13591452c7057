using System.Collections.Concurrent;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Every kind of check, and what makes a rule of its value. What each means is in docs/judges.md.</summary>
internal static class RuleTable
{
    /// <summary>Rules that are kept; when there are more distinct checks, all are let go and made again as they come.</summary>
    private const int MostKept = 4096;

    private const int MostDescribed = 80;

    private static readonly Dictionary<string, Kind> Kinds = new(StringComparer.Ordinal)
    {
        ["exact"] = new(true, TextRules.Exact),
        ["normalised"] = new(true, TextRules.Normalised),
        ["contains"] = new(false, TextRules.Contains),
        ["not-contains"] = new(true, TextRules.NotContains),
        ["starts-with"] = new(false, TextRules.StartsWith),
        ["ends-with"] = new(true, TextRules.EndsWith),
        ["regex"] = new(false, TextRules.Matches),
        ["numeric"] = new(true, ValueRules.Numeric),
        ["json"] = new(true, ValueRules.Json),
        ["json-schema"] = new(true, ValueRules.Schema),
        ["list"] = new(true, ValueRules.List),
        ["set"] = new(true, ValueRules.Set),
        ["length"] = new(true, FormRules.Length),
        ["lines"] = new(true, FormRules.Lines),
        ["no-repeat"] = new(false, FormRules.NoRepeat),
        ["code-fence"] = new(false, FormRules.CodeFence, ValueIsOptional: true),
        ["ended"] = new(true, FormRules.Ended, ValueIsOptional: true),
    };

    private static readonly ConcurrentDictionary<(string Kind, string Value), Rule> Kept = new();

    /// <summary>The rule of a check; made once for all checks of this kind and value.</summary>
    /// <exception cref="FormatException">There is no such kind, or its value is not one; says what to write.</exception>
    public static Rule Get(AnswerCheck check)
    {
        if (Kept.TryGetValue((check.Kind, check.Value), out var known))
        {
            return known;
        }
        var rule = Create(check);
        if (Kept.Count >= MostKept)
        {
            Kept.Clear();
        }
        Kept[(check.Kind, check.Value)] = rule;
        return rule;
    }

    private static Rule Create(AnswerCheck check)
    {
        if (!Kinds.TryGetValue(check.Kind, out var kind))
        {
            throw new FormatException($"there is no such kind; the kinds are {string.Join(", ", Kinds.Keys)}");
        }
        if (check.Value.Length == 0 && !kind.ValueIsOptional)
        {
            throw new FormatException("the value is missing or empty");
        }
        try
        {
            return new Rule(Shorten($"{check.Kind} {check.Value}".Trim()), kind.NeedsEnd, kind.Create(check.Value));
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("the value is JSON with a text that cannot be read, such as half of a surrogate pair", e);
        }
    }

    private static string Shorten(string text) =>
        text.Length <= MostDescribed
            ? text
            : $"{text[..(char.IsHighSurrogate(text[MostDescribed - 1]) ? MostDescribed - 1 : MostDescribed)]}…";

    /// <param name="Create">Makes the test of a value, see <see cref="Rule.Test"/>; a <see cref="FormatException"/> says what is wrong with
    /// the value.</param>
    private sealed record Kind(bool NeedsEnd, Func<string, Func<Sample, string?>> Create, bool ValueIsOptional = false);
}
