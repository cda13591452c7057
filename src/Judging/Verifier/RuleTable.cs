using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// What each kind of check means. <c>exact</c>: the whole text, to the character. <c>numeric</c>: the last number of the text,
/// the value written as <c>3.14</c> or <c>3.14±0.01</c>. <c>json</c>: the whole text is JSON of this value, members in any order.
/// <c>regex</c>: a match anywhere. <c>contains</c>: the text somewhere, to the character.
/// </summary>
internal static class RuleTable
{
    /// <summary>What a pattern may take on one completion, where it needs backtracking at all.</summary>
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    private static readonly Regex Number = new(@"-?\d+(,\d{3})*(\.\d+)?([eE][+-]?\d+)?", RegexOptions.NonBacktracking);

    private static readonly string[] Kinds = ["exact", "numeric", "regex", "contains", "json"];

    /// <exception cref="UserInputException">The check cannot be run; names the prompt, the rule and what to write.</exception>
    public static Rule Create(Prompt prompt, AnswerCheck check)
    {
        if (!(check.Weight >= 0 && double.IsFinite(check.Weight)))
        {
            throw Bad(prompt, check, $"the weight {check.Weight} must be a number from 0 up");
        }
        var (needsEnd, accepts) = check.Kind switch
        {
            "exact" => (true, text => text == check.Value),
            "numeric" => (true, Numeric(prompt, check)),
            "json" => (true, Json(prompt, check)),
            "regex" => (false, Pattern(prompt, check)),
            "contains" => (false, (Func<string, bool>)(text => text.Contains(check.Value, StringComparison.Ordinal))),
            _ => throw Bad(prompt, check, $"there is no such kind; the kinds are {string.Join(", ", Kinds)}"),
        };
        return new Rule($"{check.Kind} {check.Value}", check.Weight, needsEnd, accepts);
    }

    private static Func<string, bool> Numeric(Prompt prompt, AnswerCheck check)
    {
        var parts = check.Value.Split('±');
        var tolerance = 0m;
        if (parts.Length > 2 || !TryNumber(parts[0], out var expected) || (parts.Length == 2 && (!TryNumber(parts[1], out tolerance) || tolerance < 0)))
        {
            throw Bad(prompt, check, "the value must be a number such as 3.14, or one with a tolerance such as 3.14±0.01");
        }
        return text =>
        {
            var last = Number.Matches(text).LastOrDefault();
            return last is not null && TryNumber(last.Value, out var found) && Math.Abs(found - expected) <= tolerance;
        };
    }

    // Decimal, so that 0.3 is within 0.1 of 0.2; beyond its range no answer is accepted.
    private static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text.Trim(), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out number);

    private static Func<string, bool> Json(Prompt prompt, AnswerCheck check)
    {
        JsonElement expected;
        try
        {
            expected = JsonElement.Parse(check.Value);
        }
        catch (JsonException e)
        {
            throw Bad(prompt, check, "the value is not JSON", e);
        }
        return text =>
        {
            try
            {
                return JsonElement.DeepEquals(JsonElement.Parse(text), expected);
            }
            catch (JsonException)
            {
                return false;
            }
        };
    }

    private static Func<string, bool> Pattern(Prompt prompt, AnswerCheck check)
    {
        var regex = TryLinear(check.Value);
        if (regex is null)
        {
            try
            {
                regex = new Regex(check.Value, RegexOptions.CultureInvariant, MatchTimeout);
            }
            catch (ArgumentException e)
            {
                throw Bad(prompt, check, $"the pattern is not a .NET regular expression ({e.Message})", e);
            }
        }
        return regex.IsMatch;
    }

    // Linear time on any text; look-around and back-references need the backtracking engine.
    private static Regex? TryLinear(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    private static UserInputException Bad(Prompt prompt, AnswerCheck check, string why, Exception? inner = null) =>
        new($"Prompt \"{prompt.Id}\", check {{\"kind\": \"{check.Kind}\", \"value\": \"{check.Value}\"}}: {why}.", inner!);
}
