#nullable disable // As in the package: callers see no annotations.
using System.Globalization;
using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>A cursor over HOCON text that takes one lexical element at a time.</summary>
internal sealed class HoconReader(string text)
{
    private const string Reserved = "$\"{}[]:=,#`^?!@*&\\";
    private int _at;

    public bool AtEnd => _at >= text.Length;

    public bool TryTake(char c)
    {
        if (AtEnd || text[_at] != c)
        {
            return false;
        }
        _at++;
        return true;
    }

    public void SkipSpaceAndComments()
    {
        while (!AtEnd)
        {
            if (AtComment)
            {
                var end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end + 1;
            }
            else if (char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Spaces and tabs, which count between two parts of a value.</summary>
    public string TakeBlanks() => TakeWhile(c => c is ' ' or '\t');

    public string TakeKey()
    {
        if (TryTake('"'))
        {
            return TakeQuoted();
        }
        var key = TakeWhile(c => c != '.' && !Reserved.Contains(c)).Trim();
        return key.Length > 0 ? key : throw Unexpected();
    }

    public bool TryTakeText(out string value)
    {
        if (TryTake("\"\"\""))
        {
            var end = text.IndexOf("\"\"\"", _at, StringComparison.Ordinal);
            value = end < 0 ? text[_at..] : text[_at..end];
            _at = end < 0 ? text.Length : end + 3;
            return true;
        }
        value = TryTake('"') ? TakeQuoted() : TakeUnquoted();
        return value != null;
    }

    public bool TryTakeSubstitution(out string path)
    {
        path = null;
        if (!TryTake("${"))
        {
            return false;
        }
        path = TakeWhile(IsUnquoted);
        return TryTake('}') ? true : throw Unexpected();
    }

    /// <summary><c>include "file"</c>; an ordinary key may begin with the same letters.</summary>
    public bool TryTakeInclude(out string file)
    {
        var start = _at;
        file = null;
        if (TryTake("include") && !AtEnd && char.IsWhiteSpace(text[_at]))
        {
            SkipSpaceAndComments();
            if (TryTake('"'))
            {
                file = TakeQuoted();
                return true;
            }
        }
        _at = start;
        return false;
    }

    public FormatException Unexpected() => new($"Unknown token at position {_at}");

    private bool AtComment => text[_at] == '#' || (text[_at] == '/' && _at + 1 < text.Length && text[_at + 1] == '/');

    private static bool IsUnquoted(char c) => !char.IsWhiteSpace(c) && !Reserved.Contains(c);

    private bool TryTake(string token)
    {
        if (string.CompareOrdinal(text, _at, token, 0, token.Length) != 0)
        {
            return false;
        }
        _at += token.Length;
        return true;
    }

    private string TakeUnquoted()
    {
        var value = TakeWhile(IsUnquoted);
        if (!AtEnd && text[_at] is '=' or ':')
        {
            throw new ConfigurationException(
                $"The unquoted text '{value}' is followed by '{text[_at]}': put it in quotes, or its object in curly brackets.");
        }
        return value.Length > 0 ? value : null;
    }

    private string TakeWhile(Func<char, bool> accept)
    {
        var start = _at;
        while (!AtEnd && !AtComment && accept(text[_at]))
        {
            _at++;
        }
        return text[start.._at];
    }

    /// <summary>Up to the closing quote, or to the end of the text where there is none.</summary>
    private string TakeQuoted()
    {
        var value = new StringBuilder();
        while (!AtEnd && text[_at] != '"')
        {
            value.Append(text[_at] == '\\' ? TakeEscape() : text[_at++]);
        }
        _at++;
        return value.ToString();
    }

    private char TakeEscape()
    {
        _at++;
        var escape = AtEnd ? '\0' : text[_at++];
        return escape switch
        {
            '"' or '\\' or '/' => escape,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' when _at + 4 <= text.Length => TakeHex(),
            _ => throw new FormatException($"Unknown escape code: {escape}"),
        };
    }

    private char TakeHex()
    {
        var code = ushort.Parse(text.AsSpan(_at, 4), NumberStyles.HexNumber);
        _at += 4;
        return (char)code;
    }
}
