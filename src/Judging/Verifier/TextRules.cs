using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>Checks of what a text says, to the character unless they say otherwise.</summary>
internal static class TextRules
{
    public static Func<Sample, string?> Exact(string value) => sample => sample.Text == value
        ? null
        : $"differs at character {sample.Text.AsSpan().CommonPrefixLength(value) + 1}";

    public static Func<Sample, string?> Normalised(string value)
    {
        var expected = NormalisedText.Of(value);
        if (expected.Length == 0)
        {
            throw new FormatException("nothing is left of the value without its punctuation and articles; use exact");
        }
        return sample => NormalisedText.Of(sample.Text) == expected ? null : "differs";
    }

    public static Func<Sample, string?> Contains(string value) =>
        sample => sample.Text.Contains(value, StringComparison.Ordinal) ? null : "not there";

    public static Func<Sample, string?> NotContains(string value) =>
        sample => sample.Text.IndexOf(value, StringComparison.Ordinal) is >= 0 and var index ? $"there at character {index + 1}" : null;

    public static Func<Sample, string?> StartsWith(string value) =>
        sample => sample.Text.StartsWith(value, StringComparison.Ordinal) ? null : "begins otherwise";

    public static Func<Sample, string?> EndsWith(string value) =>
        sample => sample.Text.EndsWith(value, StringComparison.Ordinal) ? null : "ends otherwise";

    public static Func<Sample, string?> Matches(string value)
    {
        var pattern = Pattern.Parse(value);
        return sample => pattern.IsMatch(sample.Text) ? null : "no match";
    }
}
