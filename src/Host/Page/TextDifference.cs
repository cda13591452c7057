using System.Text;
using System.Text.RegularExpressions;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Page;

/// <summary>Two texts with what only one of them has marked, word by word.</summary>
internal static partial class TextDifference
{
    /// <summary>Beyond so many cells of the table only the common beginning and end count as equal.</summary>
    private const int MostCells = 4_000_000;

    /// <returns>HTML of each.</returns>
    public static (string First, string Second) Mark(string first, string second)
    {
        var (a, b) = (Split(first), Split(second));
        var (inA, inB) = (new bool[a.Length], new bool[b.Length]);
        var start = 0;
        while (start < a.Length && start < b.Length && a[start] == b[start])
        {
            (inA[start], inB[start]) = (true, true);
            start++;
        }
        var end = 0;
        while (end < a.Length - start && end < b.Length - start && a[^(end + 1)] == b[^(end + 1)])
        {
            (inA[^(end + 1)], inB[^(end + 1)]) = (true, true);
            end++;
        }
        Match(a.AsSpan(start..^end), b.AsSpan(start..^end), inA.AsSpan(start..^end), inB.AsSpan(start..^end));
        return (Render(a, inA), Render(b, inB));
    }

    /// <summary>The longest common subsequence.</summary>
    private static void Match(ReadOnlySpan<string> a, ReadOnlySpan<string> b, Span<bool> inA, Span<bool> inB)
    {
        if ((long)a.Length * b.Length is 0 or > MostCells)
        {
            return;
        }
        var length = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
        {
            for (var j = b.Length - 1; j >= 0; j--)
            {
                length[i, j] = a[i] == b[j] ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
            }
        }
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            if (a[i] == b[j])
            {
                (inA[i++], inB[j++]) = (true, true);
            }
            else if (length[i + 1, j] >= length[i, j + 1])
            {
                i++;
            }
            else
            {
                j++;
            }
        }
    }

    private static string Render(string[] words, bool[] isCommon)
    {
        var html = new StringBuilder();
        for (var i = 0; i < words.Length;)
        {
            var from = i;
            while (i < words.Length && isCommon[i] == isCommon[from])
            {
                i++;
            }
            var text = Html.Text(string.Concat(words[from..i]));
            html.Append(isCommon[from] ? text : $"<mark>{text}</mark>");
        }
        return html.ToString();
    }

    private static string[] Split(string text) => [.. Word().Matches(text).Select(word => word.Value)];

    [GeneratedRegex(@"\w+|\s+|[^\w\s]", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
