namespace IterativeDpo.Generation.Jinja;

/// <summary>
/// A template's tokens, with <c>trim_blocks</c> and <c>lstrip_blocks</c>, as transformers reads them: the line's end behind a block and
/// the white space before it, where a line begins with it, are no text.
/// </summary>
internal sealed partial class JinjaLexer
{
    private static readonly string[] s_signs =
        [
            "**",
            "//",
            "==",
            "!=",
            ">=",
            "<=",
            "+",
            "-",
            "*",
            "/",
            "%",
            "~",
            "[",
            "]",
            "(",
            ")",
            "{",
            "}",
            ">",
            "<",
            "=",
            ".",
            ":",
            "|",
            ",",
            ";",
        ];

    private readonly List<JinjaToken> _tokens = [];
    private readonly string _source;
    private int _at;
    private int _line = 1;

    private JinjaLexer(string source) => _source = source;

    /// <exception cref="JinjaException">It is no template.</exception>
    public static List<JinjaToken> Read(string template)
    {
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new JinjaLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.Read();
        return lexer._tokens;
    }

    private void Read()
    {
        var isLineStart = true;
        while (true)
        {
            var tag = NextTag(_at);
            if (tag < 0)
            {
                AddData(_source[_at..]);
                Add(JinjaTokenKind.End, "");
                return;
            }
            var (kind, sign) = (_source[tag + 1], tag + 2 < _source.Length ? _source[tag + 2] : ' ');
            AddData(Before(_source[_at..tag], kind, sign, isLineStart));
            Advance(tag);
            Advance(tag + (sign is '-' or '+' ? 3 : 2));
            if (kind == '#')
            {
                var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
                isLineStart = EndTag(end >= 0 ? end : throw new JinjaException("the comment has no end", _line), trims: true);
            }
            else if (kind == '%' && RawEnd() is { } raw)
            {
                isLineStart = ReadRaw(raw);
            }
            else
            {
                Add(kind == '{' ? JinjaTokenKind.OutputBegin : JinjaTokenKind.BlockBegin, "");
                ReadInside(kind == '{' ? "}}" : "%}");
                Add(kind == '{' ? JinjaTokenKind.OutputEnd : JinjaTokenKind.BlockEnd, "");
                isLineStart = EndTag(_at, trims: kind == '%');
            }
        }
    }

    private int NextTag(int from)
    {
        for (var at = from; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }
        return -1;
    }

    /// <summary>The text before a tag, without the white space that the tag takes.</summary>
    private static string Before(string text, char kind, char sign, bool isLineStart)
    {
        if (sign == '-')
        {
            return TrimEnd(text);
        }
        var line = text.LastIndexOf('\n') + 1;
        return sign != '+' && kind != '{' && (line > 0 || isLineStart) && text.Skip(line).All(JinjaSplit.IsSpace) ? text[..line] : text;
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && JinjaSplit.IsSpace(text[end - 1]))
        {
            end--;
        }
        return text[..end];
    }

    /// <summary>Goes behind the end of a tag, which may have a sign before it.</summary>
    /// <returns>Whether a line begins there.</returns>
    private bool EndTag(int end, bool trims)
    {
        var sign = end > 0 ? _source[end - 1] : ' ';
        Advance(end + 2);
        var to = _at;
        if (sign == '-')
        {
            while (to < _source.Length && JinjaSplit.IsSpace(_source[to]))
            {
                to++;
            }
        }
        else if (trims && sign != '+' && to < _source.Length && _source[to] == '\n')
        {
            to++;
        }
        Advance(to);
        return _source[_at - 1] == '\n';
    }

    /// <summary>Where the tag that is being read ends, if it is <c>raw</c>.</summary>
    private int? RawEnd()
    {
        var end = _source.IndexOf("%}", _at, StringComparison.Ordinal);
        return end >= 0 && _source[_at..end].TrimEnd('-', '+').Trim() == "raw" ? end : null;
    }

    private bool ReadRaw(int tagEnd)
    {
        var isLineStart = EndTag(tagEnd, trims: false);
        for (var at = _at; (at = _source.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            var end = _source.IndexOf("%}", at, StringComparison.Ordinal);
            if (end >= 0 && _source[(at + 2)..end].Trim('-', '+').Trim() == "endraw")
            {
                AddData(Before(_source[_at..at], '%', _source[at + 2], isLineStart));
                Advance(at);
                return EndTag(end, trims: true);
            }
        }
        throw new JinjaException("'raw' has no 'endraw'", _line);
    }

    /// <summary>The tokens up to the tag's end, before its sign.</summary>
    private void ReadInside(string tagEnd)
    {
        var open = new Stack<char>();
        while (true)
        {
            while (_at < _source.Length && JinjaSplit.IsSpace(_source[_at]))
            {
                Advance(_at + 1);
            }
            if (_at == _source.Length)
            {
                throw new JinjaException($"the tag has no end '{tagEnd}'", _line);
            }
            if (open.Count == 0 && IsTagEnd(tagEnd, out var sign))
            {
                Advance(_at + sign);
                return;
            }
            ReadToken(open);
        }
    }

    private bool IsTagEnd(string tagEnd, out int sign)
    {
        // '+' ends blocks only.
        sign = _source[_at] == '-' || (_source[_at] == '+' && tagEnd == "%}") ? 1 : 0;
        return string.CompareOrdinal(_source, _at + sign, tagEnd, 0, 2) == 0;
    }

    private void ReadToken(Stack<char> open)
    {
        var c = _source[_at];
        if (c is '\'' or '"')
        {
            ReadText(c);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (IsNamePart(c))
        {
            var end = _at;
            while (end < _source.Length && IsNamePart(_source[end]))
            {
                end++;
            }
            Add(JinjaTokenKind.Name, string.Intern(_source[_at..end]));
            Advance(end);
        }
        else
        {
            var sign = Array.Find(s_signs, sign => string.CompareOrdinal(_source, _at, sign, 0, sign.Length) == 0)
                ?? throw new JinjaException($"unexpected character '{c}'", _line);
            if (sign is "(" or "[" or "{")
            {
                open.Push(sign[0]);
            }
            else if (sign is ")" or "]" or "}"
                && (
                    !open.TryPop(out var opened)
                    || opened
                        != sign[0] switch
                        {
                            ')' => '(',
                            ']' => '[',
                            _ => '{',
                        }))
            {
                throw new JinjaException($"unexpected '{sign}'", _line);
            }
            Add(JinjaTokenKind.Sign, sign);
            Advance(_at + sign.Length);
        }
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '_';

    private void AddData(string text)
    {
        if (text.Length > 0)
        {
            Add(JinjaTokenKind.Data, text);
        }
    }

    private void Add(JinjaTokenKind kind, object value) => _tokens.Add(new(kind, value, _line));

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }
}
