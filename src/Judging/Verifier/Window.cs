using System.Globalization;

namespace IterativeDpo.Judging.Verifier;

/// <summary>A count that is allowed, written <c>10..200</c>, <c>10..</c> or <c>..200</c>; both ends belong to it.</summary>
internal readonly record struct Window(int Min, int Max)
{
    /// <exception cref="FormatException">It is not written so, or has nothing in it.</exception>
    public static Window Parse(string text)
    {
        var ends = text.Trim().Split("..");
        var max = int.MaxValue;
        if (ends.Length != 2 || ends is ["", ""] || !TryEnd(ends[0], 0, out var min) || !TryEnd(ends[1], int.MaxValue, out max))
        {
            throw new FormatException($"'{text.Trim()}' is no window; write MIN..MAX, MIN.. or ..MAX in whole numbers, such as 10..200");
        }
        return min <= max
            ? new Window(min, max)
            : throw new FormatException($"the window {text.Trim()} has nothing in it; put the smaller number first");
    }

    public bool Has(int count) => count >= Min && count <= Max;

    private static bool TryEnd(string text, int missing, out int end)
    {
        end = missing;
        return text.Length == 0 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out end);
    }
}
