using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Configuration;

/// <summary>A line that sets a key, or includes a file under a key (empty at the top).</summary>
internal sealed record OutlineEntry(string Key, int Line, string? IncludedFile);

/// <summary>
/// Which key is set on which line. The HOCON parser reports no lines and reads on over unbalanced brackets and open quotes, so
/// a text is walked once before it is parsed: for the places that messages name, and to refuse what is malformed.
/// </summary>
internal sealed class HoconOutline
{
    private const string NotInKey = "$\"{}[]:=,+#`^?!@*&\\.";
    private readonly HoconCursor _cursor;
    private readonly List<OutlineEntry> _entries = [];

    private HoconOutline(HoconCursor cursor) => _cursor = cursor;

    /// <param name="file">Names the text in messages.</param>
    /// <exception cref="UserInputException">The text is malformed; names the file and the line.</exception>
    public static IReadOnlyList<OutlineEntry> Read(string file, string text)
    {
        var outline = new HoconOutline(new HoconCursor(file, text));
        outline.ReadTop();
        return outline._entries;
    }

    private void ReadTop()
    {
        _cursor.SkipSpaceAndComments();
        var opened = _cursor.At;
        if (_cursor.TryTake("{"))
        {
            ReadObject("", opened);
            _cursor.SkipSpaceAndComments();
        }
        else
        {
            ReadMembers("");
        }
        if (!_cursor.AtEnd)
        {
            throw _cursor.Malformed(_cursor.At, $"'{_cursor.Current}' is one too many here; take it out, or open its bracket before");
        }
    }

    private void ReadObject(string prefix, int openedAt)
    {
        ReadMembers(prefix);
        if (!_cursor.TryTake("}"))
        {
            throw _cursor.Malformed(openedAt, "the '{' here is never closed; add its '}'");
        }
    }

    private void ReadMembers(string prefix)
    {
        _cursor.SkipSpaceAndComments();
        while (!_cursor.AtEnd && _cursor.Current != '}')
        {
            if (!TryReadInclude(prefix))
            {
                ReadMember(prefix);
            }
            _cursor.SkipSpaceAndComments();
        }
    }

    private bool TryReadInclude(string prefix)
    {
        var (start, line) = (_cursor.At, _cursor.Line);
        if (_cursor.TryTake("include"))
        {
            _cursor.SkipSpaceAndComments();
            if (_cursor.Current == '"')
            {
                _entries.Add(new OutlineEntry(prefix, line, _cursor.TakeQuoted()));
                return true;
            }
        }
        _cursor.GoBack(start);
        return false;
    }

    private void ReadMember(string prefix)
    {
        var (start, line) = (_cursor.At, _cursor.Line);
        var key = prefix.Length == 0 ? ReadKey() : $"{prefix}.{ReadKey()}";
        _cursor.SkipSpaceAndComments();
        if (_cursor.TryTake("=") || _cursor.TryTake(":"))
        {
            _cursor.TakeWhile(c => c is ' ' or '\t');
        }
        else if (_cursor.Current != '{')
        {
            throw _cursor.Malformed(start, $"\"{key}\" has no value; write {key} = …");
        }
        var opened = _cursor.At;
        if (_cursor.TryTake("{"))
        {
            ReadObject(key, opened);
            TakeComma();
            return;
        }
        _entries.Add(new OutlineEntry(key, line, null));
        ReadValue(start, key);
    }

    private string ReadKey()
    {
        var parts = new List<string>();
        do
        {
            _cursor.SkipSpaceAndComments();
            var start = _cursor.At;
            var part = _cursor.Current == '"'
                ? _cursor.TakeQuoted()
                : _cursor.TakeWhile(c => c != '\n' && !_cursor.AtComment && !NotInKey.Contains(c)).Trim();
            parts.Add(part.Length > 0 ? part : throw _cursor.Malformed(start, $"a key was expected here, and not '{_cursor.Current}'"));
        }
        while (_cursor.TryTake("."));
        return string.Join('.', parts);
    }

    private void ReadValue(int start, string key)
    {
        var parts = 0;
        while (true)
        {
            _cursor.TakeWhile(c => c is ' ' or '\t' or '\r');
            if (_cursor.AtEnd || _cursor.AtComment || _cursor.Current is ',' or '\n' or '}' or ']')
            {
                break;
            }
            ReadValuePart(key);
            parts++;
        }
        if (parts == 0)
        {
            throw _cursor.Malformed(start, $"\"{key}\" has no value; write \"\" for an empty one");
        }
        TakeComma();
    }

    private void ReadValuePart(string key)
    {
        var start = _cursor.At;
        if (_cursor.Current == '"')
        {
            _cursor.TakeQuoted();
        }
        else if (_cursor.TryTake("["))
        {
            ReadArray(key, start);
        }
        else if (_cursor.TryTake("{"))
        {
            ReadObject(key, start);
        }
        else if (_cursor.TryTake("$"))
        {
            _cursor.TakeWhile(c => c is not ('}' or '\n'));
            _cursor.TryTake("}");
        }
        else if (_cursor.TakeWhile(c => !_cursor.AtComment && !char.IsWhiteSpace(c) && !",{}[]\"$".Contains(c)).IndexOfAny(['=', ':']) >= 0)
        {
            throw _cursor.Malformed(start, $"put the value of \"{key}\" in quotes: it has '=' or ':' in it");
        }
    }

    private void ReadArray(string key, int openedAt)
    {
        _cursor.SkipSpaceAndComments();
        while (!_cursor.TryTake("]"))
        {
            if (_cursor.AtEnd || _cursor.Current == '}')
            {
                throw _cursor.Malformed(openedAt, "the '[' here is never closed; add its ']'");
            }
            ReadValue(_cursor.At, key);
            _cursor.SkipSpaceAndComments();
        }
    }

    private void TakeComma()
    {
        _cursor.TakeWhile(c => c is ' ' or '\t' or '\r');
        _cursor.TryTake(",");
    }
}
