using System.Globalization;
using System.Text;

namespace IterativeDpo.Generation.Jinja;

/// <summary>A time by the codes of <c>strftime</c>, with English names.</summary>
internal static class JinjaTime
{
    public static string Format(JinjaRun run, DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            var isPlain = ++i < format.Length && format[i] == '-';
            i += isPlain ? 1 : 0;
            var piece = Piece(run, time, i < format.Length ? format[i] : ' ');
            text.Append(isPlain ? piece.TrimStart('0') is { Length: > 0 } digits ? digits : "0" : piece);
        }
        return text.ToString();
    }

    private static string Piece(JinjaRun run, DateTimeOffset time, char code) => code switch
    {
        '%' => "%",
        'n' => "\n",
        't' => "\t",
        'e' => $"{time.Day,2}",
        'j' => $"{time.DayOfYear:000}",
        'u' => $"{(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek)}",
        'w' => $"{(int)time.DayOfWeek}",
        's' => $"{time.ToUnixTimeSeconds()}",
        'Z' or 'z' => "",
        _ => time.ToString(
            code switch
            {
                'Y' => "yyyy",
                'y' => "yy",
                'm' => "MM",
                'B' => "MMMM",
                'b' or 'h' => "MMM",
                'd' => "dd",
                'A' => "dddd",
                'a' => "ddd",
                'H' => "HH",
                'I' => "hh",
                'M' => "mm",
                'S' => "ss",
                'f' => "ffffff",
                'p' => "tt",
                'F' => "yyyy-MM-dd",
                'T' or 'X' => "HH:mm:ss",
                'R' => "HH:mm",
                'D' or 'x' => "MM/dd/yy",
                'c' => "ddd MMM d HH:mm:ss yyyy",
                _ => throw run.Error($"strftime_now: the code %{code} is not known here"),
            },
            CultureInfo.InvariantCulture),
    };
}
