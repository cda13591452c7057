using System.Buffers;
using System.Text;

namespace IterativeDpo.Host.Terminal;

/// <summary>Texts of models and users as a terminal may have them.</summary>
public static class PlainText
{
    // What turns the direction of what follows: it can make a line read as another one.
    private static readonly SearchValues<char> _special = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Where(c => c is not '\n' and not '\t').Select(c => (char)c).Where(char.IsControl),
        '\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069']);

    /// <summary>The text with a symbol for every character that would move the cursor, colour, ring or hide; line ends stay.</summary>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAny(_special))
        {
            return text;
        }
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = !_special.Contains(c) ? result.Append(c)
                : c < 0x20 ? result.Append((char)(0x2400 + c))
                : c == 0x7F ? result.Append('\u2421')
                : result.Append($"\\u{(int)c:x4}");
        }
        return result.ToString();
    }
}
