using System.Globalization;
using System.Text;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Numbers and texts as templates write them.</summary>
internal sealed partial class JinjaLexer
{
    private void ReadNumber()
    {
        var end = Digits(_at);
        var isReal = false;
        // 'a.0.1' are two items, and no number of its own.
        var isItem = _tokens[^1].Is(JinjaTokenKind.Sign, ".");
        if (!isItem && end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            (isReal, end) = (true, Digits(end + 1));
        }
        if (!isItem && end < _source.Length && _source[end] is 'e' or 'E')
        {
            var exponent = end + 1 < _source.Length && _source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                (isReal, end) = (true, Digits(exponent));
            }
        }
        var written = _source[_at..end].Replace("_", "", StringComparison.Ordinal);
        Add(JinjaTokenKind.Number, isReal ? (object)double.Parse(written, CultureInfo.InvariantCulture)
            : long.TryParse(written, CultureInfo.InvariantCulture, out var whole) ? whole
            : throw new JinjaException($"the number {written} is too large", _line));
        Advance(end);
    }

    private int Digits(int from)
    {
        while (from < _source.Length
            && (
                char.IsAsciiDigit(_source[from])
                || (_source[from] == '_' && from + 1 < _source.Length && char.IsAsciiDigit(_source[from + 1]))))
        {
            from++;
        }
        return from;
    }

    private void ReadText(char quote)
    {
        var text = new StringBuilder();
        var at = _at + 1;
        for (; at < _source.Length && _source[at] != quote; at++)
        {
            if (_source[at] != '\\' || at + 1 == _source.Length)
            {
                text.Append(_source[at]);
                continue;
            }
            var escaped = _source[++at];
            switch (escaped)
            {
                case 'n' or 't' or 'r' or 'a' or 'b' or 'f' or 'v':
                    text.Append("\n\t\r\a\b\f\v"["ntrabfv".IndexOf(escaped, StringComparison.Ordinal)]);
                    break;
                case '\\' or '\'' or '"':
                    text.Append(escaped);
                    break;
                case '\n':
                    break;
                case 'x' or 'u' or 'U':
                    at = ReadCode(escaped == 'x' ? 2 : escaped == 'u' ? 4 : 8, at + 1, text);
                    break;
                case >= '0' and <= '7':
                    var digits = _source.AsSpan(at, Math.Min(3, _source.Length - at)).IndexOfAnyExceptInRange('0', '7') is >= 0 and var some
                        ? some
                        : Math.Min(3, _source.Length - at);
                    text.Append((char)Convert.ToInt32(_source.Substring(at, digits), 8));
                    at += digits - 1;
                    break;
                default:
                    text.Append('\\').Append(escaped);
                    break;
            }
        }
        if (at >= _source.Length)
        {
            throw new JinjaException("the text has no closing quote", _line);
        }
        Add(JinjaTokenKind.Text, text.ToString());
        Advance(at + 1);
    }

    /// <returns>Where its last digit is.</returns>
    private int ReadCode(int digits, int at, StringBuilder text)
    {
        if (at + digits > _source.Length
            || !int.TryParse(_source.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || code is < 0 or > 0x10ffff)
        {
            throw new JinjaException("a text has an escape that is none", _line);
        }
        text.Append(code > 0xffff ? char.ConvertFromUtf32(code) : ((char)code).ToString());
        return at + digits - 1;
    }
}
