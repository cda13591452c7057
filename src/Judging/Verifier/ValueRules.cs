using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier.Schema;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Checks of the value that a text stands for.</summary>
internal static class ValueRules
{
    private static readonly Regex Number = new(
        @"[-−]?([0-9]+(,[0-9]{3})*(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?",
        RegexOptions.NonBacktracking);

    // A member named twice has no value that everybody agrees on.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>
    /// The last number of the text; <c>3.14</c>, <c>3.14±0.01</c> or <c>3.14±1%</c>, with <c>+-</c> for the sign if need be.
    /// </summary>
    public static Func<Sample, string?> Numeric(string value)
    {
        var parts = value.Replace("+-", "±", StringComparison.Ordinal).Split('±');
        var tolerance = 0m;
        var relative = parts.Length == 2 && parts[1].TrimEnd().EndsWith('%');
        if (parts.Length > 2 || !TryNumber(parts[0], out var expected)
            || (parts.Length == 2 && (!TryNumber(relative ? parts[1].TrimEnd()[..^1] : parts[1], out tolerance) || tolerance < 0)))
        {
            throw new FormatException("the value must be a number such as 3.14, or one with a tolerance such as 3.14±0.01 or 3.14±1%");
        }
        var (low, high) = Around(expected, relative ? Math.Abs(expected) * (tolerance / 100) : tolerance);
        return sample =>
        {
            if (LastNumber(sample.Text) is not { } last)
            {
                return "no number";
            }
            return TryNumber(last, out var found) && found >= low && found <= high ? null : $"found {last}";
        };
    }

    /// <summary>The text is JSON of this value, members in any order.</summary>
    public static Func<Sample, string?> Json(string value)
    {
        var expected = Parse(value);
        return sample =>
            TryParse(sample.Text, out var fault) is { } found ? (JsonElement.DeepEquals(found, expected) ? null : "another value") : fault;
    }

    /// <summary>The text is JSON as the schema has it.</summary>
    public static Func<Sample, string?> Schema(string value)
    {
        var schema = JsonSchema.Parse(Parse(value));
        return sample => TryParse(sample.Text, out var fault) is { } found ? schema.FaultOf(found) : fault;
    }

    /// <summary>The same items in the same order, see <see cref="Items"/>.</summary>
    public static Func<Sample, string?> List(string value)
    {
        var expected = Items(value);
        return sample =>
        {
            var found = Items(sample.Text);
            if (found.Length != expected.Length)
            {
                return $"{found.Length} items, not {expected.Length}";
            }
            var same = found.AsSpan().CommonPrefixLength(expected);
            return same == expected.Length ? null : $"item {same + 1} differs";
        };
    }

    /// <summary>The same items in any order, however often.</summary>
    public static Func<Sample, string?> Set(string value)
    {
        var expected = Items(value).ToHashSet();
        return sample =>
        {
            var found = Items(sample.Text).ToHashSet();
            var (missing, more) = (expected.Count(item => !found.Contains(item)), found.Count(item => !expected.Contains(item)));
            return missing + more == 0 ? null : $"{missing} missing, {more} too many";
        };
    }

    /// <summary>
    /// The items of a JSON array (texts as they are, other values as JSON), or else what stands between commas, semicolons and line ends,
    /// without white space around it.
    /// </summary>
    private static string[] Items(string text) => text.TrimStart().StartsWith('[') && TryParse(text, out _) is { } array
        ? [.. array.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()!.Trim() : item.GetRawText())]
        : text.Split([',', ';', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static (decimal Low, decimal High) Around(decimal expected, decimal tolerance)
    {
        try
        {
            return (expected - tolerance, expected + tolerance);
        }
        catch (OverflowException e)
        {
            throw new FormatException($"the number and its tolerance must stay within ±{decimal.MaxValue}", e);
        }
    }

    /// <summary>A hyphen after a letter or digit joins, as in COVID-19 and 10-12: it is no sign.</summary>
    private static string? LastNumber(string text) => Number.Matches(text).LastOrDefault() is not { } last ? null
        : last.Value[0] is '-' or '−' && last.Index > 0 && char.IsLetterOrDigit(text[last.Index - 1]) ? last.Value[1..]
        : last.Value;

    // Decimal, so that 0.3 is within 0.1 of 0.2; beyond its range no answer is accepted. A comma stands before three digits only: 3,14 is
    // not 314.
    private static bool TryNumber(string text, out decimal number)
    {
        number = 0;
        var trimmed = text.Trim();
        return Number.Match(trimmed).Length == trimmed.Length && decimal.TryParse(
            trimmed.Replace('−', '-'), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out number);
    }

    private static JsonElement Parse(string value) => TryParse(value, out var fault) ?? throw new FormatException($"the value is {fault}");

    private static JsonElement? TryParse(string text, out string fault)
    {
        try
        {
            fault = "";
            return JsonElement.Parse(text, Strict);
        }
        catch (JsonException e)
        {
            fault = e.LineNumber is { } line
                ? $"not JSON at line {line + 1}, byte {e.BytePositionInLine + 1}"
                : "not JSON: a member is there twice";
            return null;
        }
    }
}
