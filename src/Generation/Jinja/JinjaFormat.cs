using System.Globalization;
using System.Text;
using static IterativeDpo.Generation.Jinja.JinjaOperators;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Values as texts, by Python's <c>str</c>, <c>repr</c>, <c>%</c> and <c>json.dumps</c>.</summary>
internal static class JinjaFormat
{
    /// <summary>A value as a template prints it.</summary>
    public static JinjaText ToText(JinjaRun run, object? value)
    {
        if (value is JinjaText text)
        {
            return text;
        }
        if (value is JinjaUndefined)
        {
            return JinjaText.Empty;
        }
        var written = new JinjaWriter(run);
        WriteRepresentation(run, value, written);
        return written.ToText();
    }

    public static JinjaText Represent(JinjaRun run, object? value)
    {
        var written = new JinjaWriter(run);
        WriteRepresentation(run, value, written);
        return written.ToText();
    }

    public static JinjaText Concat(JinjaRun run, IEnumerable<object?> values, JinjaText? between = null)
    {
        var written = new JinjaWriter(run);
        var isFirst = true;
        foreach (var value in values)
        {
            run.Step();
            if (!isFirst && between is not null)
            {
                written.Add(between);
            }
            written.Add(ToText(run, value));
            isFirst = false;
        }
        return written.ToText();
    }

    /// <summary>Python's shortest text that is this number again.</summary>
    public static string ToText(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        var written = number.ToString("E16", CultureInfo.InvariantCulture);
        var exponent =
            number == 0 ? 0 : int.Parse(written[(written.IndexOf('E', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 16)
        {
            var plain = shortest.Contains('E', StringComparison.Ordinal)
                ? ((decimal)number).ToString(CultureInfo.InvariantCulture)
                : shortest;
            return plain.Contains('.', StringComparison.Ordinal) ? plain : $"{plain}.0";
        }
        var parts = shortest.Split('E');
        var digits =
            parts.Length == 2 ? parts[0] : number.ToString("E16", CultureInfo.InvariantCulture).Split('E')[0].TrimEnd('0').TrimEnd('.');
        return string.Create(CultureInfo.InvariantCulture, $"{digits}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>The text of Python's <c>%</c>: %s, %r, %d, %i, %f, %x and %%, with flags, width and precision.</summary>
    public static JinjaText Percent(JinjaRun run, JinjaText format, IReadOnlyList<object?> values)
    {
        var written = new JinjaWriter(run);
        var (text, next) = (format.Value, 0);
        for (var i = 0; i < text.Length; i++)
        {
            var begin = i;
            if (text[i] != '%')
            {
                i = text.IndexOf('%', i) is >= 0 and var found ? found : text.Length;
                written.Add(format.Part(begin, i--));
                continue;
            }
            while (++i < text.Length && text[i] is '-' or '0' or '+' or ' ')
            {
            }
            var flags = text[(begin + 1)..i];
            var widthAt = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
            {
                i++;
            }
            var size = text[widthAt..i].Split('.');
            if (i == text.Length)
            {
                throw run.Error("incomplete format");
            }
            if (text[i] == '%')
            {
                written.Add("%");
                continue;
            }
            var value = next < values.Count ? values[next++] : throw run.Error("not enough arguments for format string");
            var precision = size.Length > 1 ? Size(run, size[1]) : (int?)null;
            var piece = Piece(run, text[i], value, precision, flags);
            var missing = (size[0].Length > 0 ? Size(run, size[0]) : 0) - (int)JinjaItems.LengthOf(run, piece);
            var isZero =
                flags.Contains('0', StringComparison.Ordinal)
                && !flags.Contains('-', StringComparison.Ordinal)
                && text[i] is not ('s' or 'r');
            var signed = isZero && piece.Value is ['-' or '+' or ' ', ..] ? 1 : 0;
            written.Add(piece.Part(0, signed));
            written.Add(new string(isZero ? '0' : ' ', flags.Contains('-', StringComparison.Ordinal) ? 0 : Math.Max(0, missing)));
            written.Add(piece.Part(signed, piece.Value.Length));
            written.Add(new string(' ', flags.Contains('-', StringComparison.Ordinal) ? Math.Max(0, missing) : 0));
        }
        return next < values.Count && values is not [JinjaDict]
            ? throw run.Error("not all arguments converted during string formatting")
            : written.ToText();
    }

    private static int Size(JinjaRun run, string digits) => digits.Length == 0 ? 0
        : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size <= 10_000 ? size
        : throw run.Error($"a width of {digits} in a format");

    private static JinjaText Piece(JinjaRun run, char kind, object? value, int? precision, string flags)
    {
        if (kind is 's' or 'r')
        {
            var text = kind == 's' ? ToText(run, value) : Represent(run, value);
            return precision is { } most && most < JinjaItems.LengthOf(run, text) ? text.Part(0, JinjaItems.Place(text, most)) : text;
        }
        if (!IsNumber(value))
        {
            throw run.Error($"%{kind} format: a real number is required, not {TypeOf(value)}");
        }
        var number = kind switch
        {
            'd' or 'i' => value is double real ? Math.Truncate(real).ToString("F0", CultureInfo.InvariantCulture) : $"{ToLong(value)}",
            'f' or 'F' => ToDouble(value).ToString($"F{precision ?? 6}", CultureInfo.InvariantCulture),
            'x' when value is not double => ToLong(value) < 0 ? $"-{-ToLong(value):x}" : $"{ToLong(value):x}",
            _ => throw run.Error($"the format %{kind} is not supported here"),
        };
        return new(flags.Contains('+', StringComparison.Ordinal) && number[0] != '-' ? $"+{number}" : number);
    }

    private static void WriteRepresentation(JinjaRun run, object? value, JinjaWriter to)
    {
        run.Step();
        switch (value)
        {
            case null:
                to.Add("None");
                break;
            case bool isTrue:
                to.Add(isTrue ? "True" : "False");
                break;
            case long number:
                to.Add(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                to.Add(ToText(number));
                break;
            case JinjaText text:
                WriteQuoted(text, to);
                break;
            case JinjaList list:
                to.Add(list.IsTuple ? "(" : "[");
                for (var i = 0; i < list.Items.Count; i++)
                {
                    to.Add(i > 0 ? ", " : "");
                    WriteRepresentation(run, list.Items[i], to);
                }
                to.Add(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case JinjaDict dict:
                to.Add("{");
                foreach (var (i, item) in dict.Items.Index())
                {
                    to.Add(i > 0 ? ", " : "");
                    WriteRepresentation(run, item.Key, to);
                    to.Add(": ");
                    WriteRepresentation(run, item.Value, to);
                }
                to.Add("}");
                break;
            case JinjaUndefined:
                to.Add("Undefined");
                break;
            default:
                throw run.Error($"a {TypeOf(value)} has no text");
        }
    }

    private static void WriteQuoted(JinjaText text, JinjaWriter to)
    {
        var quote = text.Value.Contains('\'', StringComparison.Ordinal) && !text.Value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        to.Add($"{quote}");
        foreach (var character in JinjaItems.Characters(text))
        {
            var escaped = character.Value[0] switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                var c when c == quote => $"\\{c}",
                < ' ' or (>= '\x7f' and < '\xa1') or '\xad' => $"\\x{(int)character.Value[0]:x2}",
                var c when c >= '\u0100' && Rune.TryGetRuneAt(character.Value, 0, out var rune) && !IsPrintable(rune) =>
                    rune.Value > 0xffff ? $"\\U{rune.Value:x8}" : $"\\u{rune.Value:x4}",
                _ => null,
            };
            if (escaped is null)
            {
                to.Add(character);
            }
            else
            {
                to.Add(escaped, character.Sources?[0] ?? 0);
            }
        }
        to.Add($"{quote}");
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
