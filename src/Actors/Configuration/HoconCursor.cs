using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Configuration;

/// <summary>A place in a HOCON text that knows its line.</summary>
internal sealed class HoconCursor(string file, string text)
{
    /// <summary>The character here; the null character at the end.</summary>
    public char Current => AtEnd ? '\0' : text[At];

    public int At { get; private set; }

    public bool AtEnd => At >= text.Length;

    public bool AtComment => Current == '#' || StartsWith("//");

    /// <summary>The line of this place, from 1.</summary>
    public int Line => LineOf(At);

    public bool StartsWith(string token) => text.AsSpan(Math.Min(At, text.Length)).StartsWith(token, StringComparison.Ordinal);

    public bool TryTake(string token)
    {
        if (!StartsWith(token))
        {
            return false;
        }
        At += token.Length;
        return true;
    }

    public void GoBack(int at) => At = at;

    public string TakeWhile(Func<char, bool> accept)
    {
        var start = At;
        while (!AtEnd && accept(text[At]))
        {
            At++;
        }
        return text[start..At];
    }

    public void SkipSpaceAndComments()
    {
        TakeWhile(char.IsWhiteSpace);
        while (AtComment)
        {
            TakeWhile(c => c != '\n');
            TakeWhile(char.IsWhiteSpace);
        }
    }

    /// <summary>A quoted text, with one or three quotes on each side; escapes stay as they are written.</summary>
    public string TakeQuoted()
    {
        var start = At;
        var quote = StartsWith("\"\"\"") ? "\"\"\"" : "\"";
        At += quote.Length;
        while (!StartsWith(quote))
        {
            if (AtEnd || (quote.Length == 1 && Current == '\n'))
            {
                throw Malformed(start, "the quote that opens here is never closed");
            }
            At += quote.Length == 1 && Current == '\\' ? 2 : 1;
        }
        At += quote.Length;
        return text[(start + quote.Length)..(At - quote.Length)];
    }

    /// <summary>Says what is wrong at a place, with file and line.</summary>
    public UserInputException Malformed(int at, string what) => new($"{file}, line {LineOf(at)}: {what}.");

    private int LineOf(int at) => text.AsSpan(0, Math.Min(at, text.Length)).Count('\n') + 1;
}
