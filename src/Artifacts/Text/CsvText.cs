using System.Text;

namespace IterativeDpo.Artifacts.Text;

/// <summary>Comma-separated values by RFC 4180: fields with commas, quotes or line ends are in quotes.</summary>
public static class CsvText
{
    public static string Row(IEnumerable<string> fields) => string.Join(',', fields.Select(Field)) + "\r\n";

    /// <summary>Rows with the number of the line where each begins; blank lines are left out.</summary>
    /// <param name="separator">A comma; some programs write semicolons.</param>
    /// <param name="name">Names the text in errors.</param>
    /// <exception cref="UserInputException">A quote is not closed, or something follows it; names the line.</exception>
    public static IEnumerable<(int Line, IReadOnlyList<string> Fields)> Parse(string text, char separator, string name)
    {
        for (int i = 0, line = 1; i < text.Length;)
        {
            var (begin, fields, isEnd) = (line, new List<string>(), false);
            while (!isEnd)
            {
                fields.Add(ParseField(text, ref i, ref line, separator, name));
                isEnd = i >= text.Length || text[i] == '\n';
                i++;
            }
            line++;
            if (fields is not [""])
            {
                yield return (begin, fields);
            }
        }
    }

    private static string ParseField(string text, ref int i, ref int line, char separator, string name)
    {
        if (i >= text.Length || text[i] != '"')
        {
            var end = text.AsSpan(i).IndexOfAny(separator, '\n') is >= 0 and var length ? i + length : text.Length;
            var field = text[i..end].TrimEnd('\r');
            i = end;
            return field;
        }
        var (value, begin) = (new StringBuilder(), line);
        for (i++; ; i++)
        {
            if (i >= text.Length)
            {
                throw new UserInputException(
                    $"{name}, line {begin}: a quote is opened here and not closed. Give rows whose fields are in quotes where they have commas, quotes or line ends.");
            }
            if (text[i] == '"' && (i + 1 == text.Length || text[i + 1] != '"'))
            {
                break;
            }
            i += text[i] == '"' ? 1 : 0;
            line += text[i] == '\n' ? 1 : 0;
            value.Append(text[i]);
        }
        i++;
        i += i < text.Length && text[i] == '\r' ? 1 : 0;
        return i >= text.Length || text[i] == separator || text[i] == '\n' ? value.ToString()
            : throw new UserInputException(
                $"{name}, line {line}: '{text[i]}' follows the closing quote of a field. Write a quote within a field twice.");
    }

    private static string Field(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
