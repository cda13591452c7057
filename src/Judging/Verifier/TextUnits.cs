using System.Globalization;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>What a text is counted in.</summary>
internal enum TextUnit
{
    /// <summary>Unicode code points.</summary>
    Characters,

    /// <summary>Runs without white space.</summary>
    Words,

    /// <summary>The policy's tokens, without the end token.</summary>
    Tokens,
}

/// <summary>A completion taken apart into units that can be compared.</summary>
internal static class TextUnits
{
    public static string[] Names { get; } = [.. Enum.GetNames<TextUnit>().Select(name => name.ToLowerInvariant())];

    /// <exception cref="FormatException">There is no such unit.</exception>
    public static TextUnit Parse(string name) => Array.IndexOf(Names, name) is >= 0 and var index
        ? (TextUnit)index
        : throw new FormatException($"'{name}' is no unit; the units are {string.Join(", ", Names)}");

    /// <returns>Null where the sample has no tokens although it has a text.</returns>
    public static string[]? Of(Sample sample, TextUnit unit) => unit switch
    {
        TextUnit.Words => sample.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        TextUnit.Characters => [.. sample.Text.EnumerateRunes().Select(rune => rune.ToString())],
        _ when sample is { TokenIds: [], Text: not "" } => null,
        _ =>
        [
            .. sample
                .TextIds.SkipLast(sample.FinishReason == FinishReason.Eos ? 1 : 0)
                .Select(id => id.ToString(CultureInfo.InvariantCulture)),
        ],
    };
}
