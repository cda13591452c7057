using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace IterativeDpo.Artifacts.Settings;

/// <summary>
/// Reads HOCON. Laxer than its specification in that a key may follow a section's <c>}</c> on the same line; stricter in that a value
/// begins on its key's line, that an include is of a quoted path and the file is there, and that a value's <c>=</c> and <c>:</c> are in
/// quotes.
/// </summary>
internal sealed class HoconParser
{
    private const int MostDepth = 100;
    private const string NotInKey = "$\"{}[]:=,+#`^?!@*&\\.";
    private const string NotInText = "$\"{}[]:=,";
    private const string Escapes = "\"\\/bfnrt";
    private const string Escaped = "\"\\/\b\f\n\r\t";

    private readonly string _path;
    private readonly string _text;
    private readonly string _directory;
    private readonly string[] _prefix;
    private readonly IReadOnlyList<string> _including;
    private int _at;
    private int _depth;

    private HoconParser(string path, string text, string directory, string[] prefix, IReadOnlyList<string> including) =>
        (_path, _text, _directory, _prefix, _including) = (path, text, directory, prefix, including);

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private bool AtEnd => _at >= _text.Length;

    private bool AtComment => Current == '#' || StartsWith("//");

    /// <summary>A file with those that it includes, each relative to the one that includes it; resolved.</summary>
    /// <exception cref="UserInputException">No such file, or a malformed one; names file and line.</exception>
    public static HoconObject ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{path}: there is no such configuration file; check the path.");
        }
        return new HoconResolver(ReadFile(path, [], [])).Resolve();
    }

    /// <summary>A value by itself, as a file has it behind a <c>=</c>.</summary>
    public static HoconValue ReadValue(string text, HoconOrigin origin)
    {
        var parser = new HoconParser(origin.Place, text, origin.Directory, [], []);
        var value = parser.ReadValue("the value", [], origin);
        return parser.AtEnd ? value : throw parser.Unexpected();
    }

    public static UserInputException Unjoinable(HoconOrigin origin) =>
        new($"{origin.Place}: texts, lists and sections cannot stand side by side as one value; put a text in quotes.");

    private static HoconObject ReadFile(string path, string[] prefix, IReadOnlyList<string> including)
    {
        var full = Path.GetFullPath(path);
        return new HoconParser(path, ReadText(path), Path.GetDirectoryName(full)!, prefix, [.. including, full]).ReadTop();
    }

    private static string ReadText(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path} cannot be read: {e.Message}", e);
        }
        Utf8.ToUtf16(bytes, new char[bytes.Length], out var valid, out _, replaceInvalidSequences: false);
        var bad = bytes.AsSpan(0, valid).IndexOf((byte)0) is var zero and >= 0 ? zero : valid;
        return bad == bytes.Length ? Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF') : throw new UserInputException(
            $"{path}, line {bytes.AsSpan(0, bad).Count((byte)'\n') + 1}, byte {bad + 1} of the file: "
            + (bytes[bad] == 0 ? "the null character is no text; take it out." : "this is not UTF-8; write the file in that encoding."));
    }

    private HoconObject ReadTop()
    {
        var top = new HoconObject(OriginOf(0));
        SkipToNext();
        var opened = _at;
        if (TryTake("{"))
        {
            ReadMembers(top, [], opened);
            SkipToNext();
        }
        else
        {
            ReadMembers(top, [], null);
        }
        return AtEnd ? top : throw Unexpected();
    }

    private void ReadMembers(HoconObject section, string[] path, int? openedAt)
    {
        for (SkipToNext(); !AtEnd && Current != '}'; SkipToNext())
        {
            ReadMember(section, path);
            TakeBlanks();
            TryTake(",");
        }
        if (openedAt is { } opened && !TryTake("}"))
        {
            throw Malformed(opened, "the '{' here is never closed; add its '}'");
        }
    }

    private void ReadMember(HoconObject section, string[] path)
    {
        var start = _at;
        if (TryTake("include"))
        {
            TakeBlanks();
            if (Current == '"')
            {
                section.AddAll(Include(TakeQuoted(), path, OriginOf(start)));
                return;
            }
            _at = start;
        }
        var key = ReadKey();
        var (name, origin) = (string.Join('.', [.. _prefix, .. path, .. key]), OriginOf(start));
        SkipToNext();
        var isAppended = TryTake("+=");
        if (!isAppended && !TryTake("=") && !TryTake(":") && Current != '{')
        {
            throw Malformed(start, $"\"{name}\" has no value; write {name} = …");
        }
        var value = ReadValue(name, [.. path, .. key], origin);
        if (isAppended)
        {
            var before = new HoconSubstitution(origin, [.. path, .. key], _prefix, IsOptional: true);
            value = new HoconConcatenation(origin, [before, new HoconList(origin, [value])]);
        }
        // Sections side by side are one over the other, so that what is in one can be looked up by what is in the next.
        foreach (var part in value is HoconConcatenation { Parts: var parts } && parts.Any(part => part is HoconObject) ? parts : [value])
        {
            section.Add(key, part);
        }
    }

    /// <summary>
    /// A recipe that is not beside the file is among those that come with the program; nothing else is, so that a wrong path is not another
    /// file.
    /// </summary>
    private HoconObject Include(string name, string[] under, HoconOrigin origin)
    {
        var (beside, shipped) = (Path.Combine(_directory, name), Path.Combine(AppContext.BaseDirectory, "hocon", name));
        var path = !File.Exists(beside) && name.StartsWith("recipes/", StringComparison.Ordinal) && File.Exists(shipped) ? shipped : beside;
        return !File.Exists(path)
            ? throw new UserInputException(
                $"{origin.Place}: the included file {path} does not exist; the path is relative to the file that includes it.")
        : _including.Contains(Path.GetFullPath(path))
            ? throw new UserInputException(
                $"{origin.Place}: {path} includes itself, directly or through another file; take one include out.")
        : ReadFile(path, [.. _prefix, .. under], _including);
    }

    private string[] ReadKey()
    {
        var parts = new List<string>();
        do
        {
            TakeBlanks();
            var start = _at;
            var part = Current == '"' ? TakeQuoted() : TakeWhile(c => c != '\n' && !AtComment && !NotInKey.Contains(c)).Trim();
            parts.Add(part.Length > 0 ? part : throw Malformed(start, $"a key was expected here, and not '{Current}'"));
            TakeBlanks();
        }
        while (TryTake("."));
        return [.. parts];
    }

    /// <param name="name">The key that messages name.</param>
    private HoconValue ReadValue(string name, string[] path, HoconOrigin origin)
    {
        var parts = new List<HoconValue>();
        var start = _at;
        if (++_depth > MostDepth)
        {
            throw Malformed(start, $"more than {MostDepth} brackets are open here; close some");
        }
        for (var blank = TakeBlanks(); !AtEnd && !AtComment && Current is not (',' or '\n' or '}' or ']'); blank = TakeBlanks())
        {
            if (parts is [.., HoconObject] && Current is not ('{' or '$'))
            {
                break;
            }
            if (parts.Count > 0 && blank.Length > 0)
            {
                parts.Add(new HoconText(origin, blank));
            }
            parts.Add(ReadPart(name, path, origin));
        }
        _depth--;
        return parts.Count == 0 ? throw Malformed(start, $"\"{name}\" has no value; write \"\" for an empty one")
            : parts.Count == 1 ? parts[0]
            : parts.All(part => part is HoconText)
                ? new HoconText(origin, string.Concat(parts.Select(part => ((HoconText)part).Text ?? "null")))
            : Concatenate(origin, parts);
    }

    private static HoconConcatenation Concatenate(HoconOrigin origin, List<HoconValue> parts)
    {
        var isText = parts.Any(part => part is HoconText { Text: { } text } && !string.IsNullOrWhiteSpace(text));
        var (isList, isSection) = (parts.Any(part => part is HoconList), parts.Any(part => part is HoconObject));
        return (isText ? 1 : 0) + (isList ? 1 : 0) + (isSection ? 1 : 0) > 1
            ? throw Unjoinable(origin)
            : new(origin, [.. parts.Where(part => !isSection || part is not HoconText)]);
    }

    private HoconValue ReadPart(string name, string[] path, HoconOrigin origin)
    {
        var start = _at;
        switch (Current)
        {
            case '"':
                return new HoconText(origin, TakeQuoted());
            case '[':
                return ReadList(name, origin);
            case '{':
                _at++;
                var section = new HoconObject(origin);
                ReadMembers(section, path, start);
                return section;
            case '$':
                return ReadSubstitution(origin);
        }
        var text = TakeWhile(c => !AtComment && !char.IsWhiteSpace(c) && !NotInText.Contains(c));
        return Current is '=' or ':' ? throw Malformed(start, $"put the value of \"{name}\" in quotes: it has '=' or ':' in it")
            : new HoconText(origin, text == "null" ? null : text);
    }

    private HoconList ReadList(string name, HoconOrigin origin)
    {
        var (start, items) = (_at++, new List<HoconValue>());
        for (SkipToNext(); !TryTake("]"); SkipToNext())
        {
            if (AtEnd || Current == '}')
            {
                throw Malformed(start, "the '[' here is never closed; add its ']'");
            }
            items.Add(ReadValue(name, [], origin));
            TryTake(",");
        }
        return new(origin, items);
    }

    private HoconSubstitution ReadSubstitution(HoconOrigin origin)
    {
        var start = _at;
        if (!TryTake("${"))
        {
            throw Malformed(start, "put '$' in quotes, or write ${key} for the value of another key");
        }
        var isOptional = TryTake("?");
        var path = ReadKey();
        return TryTake("}") ? new(origin, path, _prefix, isOptional) : throw Malformed(start, "the '${' here is never closed; add its '}'");
    }

    /// <summary>A quoted text, with one or three quotes on each side; in the latter escapes are themselves.</summary>
    private string TakeQuoted()
    {
        var start = _at;
        if (TryTake("\"\"\""))
        {
            var end = _text.IndexOf("\"\"\"", _at, StringComparison.Ordinal);
            while (end >= 0 && end + 3 < _text.Length && _text[end + 3] == '"')
            {
                end++;
            }
            return end >= 0 ? _text[_at..((_at = end + 3) - 3)] : throw Unclosed(start);
        }
        var text = new StringBuilder();
        for (_at++; !TryTake("\""); _at++)
        {
            if (AtEnd || Current == '\n')
            {
                throw Unclosed(start);
            }
            text.Append(Current == '\\' ? TakeEscape() : Current);
        }
        var taken = text.ToString();
        Utf8.FromUtf16(taken, new byte[3 * taken.Length], out var whole, out _, replaceInvalidSequences: false);
        return whole == taken.Length && !taken.Contains('\0') ? taken : throw Malformed(start,
            $"the text that opens here, at byte {Encoding.UTF8.GetByteCount(_text.AsSpan(0, start)) + 1} of the file, has half of a character or the null "
            + "character among its escapes; take that out");
    }

    /// <summary>Stays on the escape's last character.</summary>
    private char TakeEscape()
    {
        var start = _at++;
        if (Escapes.IndexOf(Current, StringComparison.Ordinal) is var escape and >= 0)
        {
            return Escaped[escape];
        }
        if (Current == 'u'
            && _at + 4 < _text.Length
            && ushort.TryParse(_text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, null, out var unit))
        {
            _at += 4;
            return (char)unit;
        }
        throw Malformed(start, $"'\\{Current}' is no escape; write \\\\ for a backslash");
    }

    private void SkipToNext()
    {
        for (TakeWhile(char.IsWhiteSpace); AtComment; TakeWhile(char.IsWhiteSpace))
        {
            TakeWhile(c => c != '\n');
        }
    }

    private string TakeBlanks() => TakeWhile(c => c != '\n' && char.IsWhiteSpace(c));

    private string TakeWhile(Func<char, bool> accept)
    {
        var start = _at;
        while (!AtEnd && accept(Current))
        {
            _at++;
        }
        return _text[start.._at];
    }

    private bool StartsWith(string token) => string.CompareOrdinal(_text, _at, token, 0, token.Length) == 0;

    private bool TryTake(string token)
    {
        var isHere = StartsWith(token);
        _at += isHere ? token.Length : 0;
        return isHere;
    }

    private HoconOrigin OriginOf(int at) => new($"{_path}, line {_text.AsSpan(0, Math.Min(at, _text.Length)).Count('\n') + 1}", _directory);

    private UserInputException Unclosed(int at) => Malformed(at, "the quote that opens here is never closed");

    private UserInputException Unexpected() => Malformed(_at, $"'{Current}' is one too many here; take it out, or open its bracket before");

    private UserInputException Malformed(int at, string what) => new($"{OriginOf(at).Place}: {what}.");
}
