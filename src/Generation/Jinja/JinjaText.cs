using System.Text;

namespace IterativeDpo.Generation.Jinja;

/// <summary>
/// A text while a template runs, and where each of its characters is from. Whatever a template does to a text, what somebody said in it
/// stays known as such.
/// </summary>
/// <param name="sources">
/// As long as the text: 0 for a character that is the template's own, and else the number of who said it, from 1. Null where all is the
/// template's own.
/// </param>
internal sealed class JinjaText(string value, string? sources = null) : IComparable<JinjaText>
{
    public static readonly JinjaText Empty = new("");

    public string Value { get; } = value;

    public string? Sources { get; } = sources;

    /// <summary>Texts are indexed by code points, and only those with surrogate pairs differ from UTF-16.</summary>
    public bool IsWide => field = field || Value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    /// <summary>All of it said by one.</summary>
    public static JinjaText Said(string value, int by) => new(value, value.Length == 0 ? null : new string((char)by, value.Length));

    public JinjaText Part(int from, int to) => to <= from ? Empty
        : from == 0 && to == Value.Length ? this
        : new(Value[from..to], Sources?[from..to]);

    /// <summary>
    /// The same characters written otherwise, each where it was; of another length it is said by whoever said its beginning.
    /// </summary>
    public JinjaText With(string value) => ReferenceEquals(value, Value) ? this
        : Sources is null ? new(value)
        : value.Length == Value.Length ? new(value, Sources)
        : Said(value, Sources.FirstOrDefault(source => source > 0));

    public override bool Equals(object? obj) => obj is JinjaText other && other.Value == Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>By code points, as Python does.</summary>
    public int CompareTo(JinjaText? other)
    {
        if (!IsWide && !other!.IsWide)
        {
            return string.CompareOrdinal(Value, other.Value);
        }
        return Value
            .EnumerateRunes()
            .Select(rune => rune.Value)
            .ToArray()
            .AsSpan()
            .SequenceCompareTo(other!.Value.EnumerateRunes().Select(rune => rune.Value).ToArray());
    }

    public override string ToString() => Value;
}

/// <summary>A text that is being written.</summary>
internal sealed class JinjaWriter(JinjaRun run)
{
    private readonly StringBuilder _value = new();
    private StringBuilder? _sources;

    public int Length => _value.Length;

    public void Add(string text, int source = 0)
    {
        run.Take(text.Length);
        (source > 0 ? Sources() : _sources)?.Append((char)source, text.Length);
        _value.Append(text);
    }

    public void Add(JinjaText text)
    {
        if (text.Sources is null)
        {
            Add(text.Value);
            return;
        }
        run.Take(text.Value.Length);
        Sources().Append(text.Sources);
        _value.Append(text.Value);
    }

    public JinjaText ToText() => _value.Length == 0 ? JinjaText.Empty : new(_value.ToString(), _sources?.ToString());

    private StringBuilder Sources() => _sources ??= new StringBuilder().Append('\0', _value.Length);
}
