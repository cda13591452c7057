#nullable disable // As in the package: a value that is no text is null, and callers see no annotations.
using System.Globalization;

namespace Akka.Configuration.Hocon;

/// <summary>
/// The right-hand side of a key: elements that concatenate to a text or to an array, or one object.
/// Texts lose white space at both ends even when it was quoted, and the text <c>null</c> is null.
/// </summary>
public class HoconValue
{
    private readonly List<IHoconElement> _elements = [];

    /// <summary>True when nothing is set, or an object without keys.</summary>
    public bool IsEmpty => _elements.Count == 0 || _elements[0] is HoconObject { Items.Count: 0 };

    public bool IsObject() => GetObject() != null;

    /// <summary>The object here or behind a substitution; null where the value is none.</summary>
    public HoconObject GetObject() => _elements.FirstOrDefault() switch
    {
        HoconObject here => here,
        HoconSubstitution { Target: { } target } => target.GetObject(),
        _ => null,
    };

    /// <summary>A configuration with this value under one key.</summary>
    public Config AtKey(string key)
    {
        var section = new HoconObject();
        section.Items[key] = this;
        var root = new HoconValue();
        root.AppendValue(section);
        return new Config(new HoconRoot(root));
    }

    public HoconValue GetChildObject(string key) => GetObject()?.GetKey(key);

    public bool IsString() => _elements.Count > 0 && _elements.All(e => e.IsString());

    /// <summary>The text, or null where the value is none.</summary>
    public string GetString()
    {
        if (!IsString())
        {
            return null;
        }
        var text = string.Concat(_elements.Select(e => e.GetString())).Trim();
        return text == "null" ? null : text;
    }

    /// <summary>True for an array with at least one element.</summary>
    public bool IsArray() => GetArray().Count != 0;

    /// <summary>The elements of every array here, one after the other; empty where there is none.</summary>
    public IList<HoconValue> GetArray() => _elements.Where(e => e.IsArray()).SelectMany(e => e.GetArray()).ToList();

    public IList<string> GetStringList() => GetArray().Select(v => v.GetString()).ToList();

    public bool GetBoolean() => GetString() switch
    {
        "on" or "true" => true,
        "off" or "false" => false,
        var other => throw new NotSupportedException($"'{other}' is neither true, on, false nor off."),
    };

    public int GetInt() => int.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    public long GetLong() => long.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    public float GetFloat() => float.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    public double GetDouble() => double.Parse(GetString(), NumberFormatInfo.InvariantInfo);

    public TimeSpan GetTimeSpan(bool allowInfinite = true) => HoconUnits.ParseDuration(GetString(), allowInfinite);

    public long? GetByteSize() => HoconUnits.ParseByteSize(GetString());

    public override string ToString() => ToString(0);

    internal string ToString(int indent)
    {
        if (IsString())
        {
            return QuoteIfNeeded(GetString());
        }
        if (IsObject())
        {
            var inner = GetObject().ToString(indent + 1);
            return indent == 0 ? inner : $"{{\r\n{inner}{new string(' ', indent * 2)}}}";
        }
        return IsArray() ? $"[{string.Join(",", GetArray().Select(v => v.ToString(indent + 1)))}]" : "<<unknown value>>";
    }

    internal void AppendValue(IHoconElement element) => _elements.Add(element);

    internal void Clear() => _elements.Clear();

    internal static string QuoteIfNeeded(string text) =>
        text == null ? "" : text.AsSpan().ContainsAny(' ', '\t', ':') ? $"\"{text}\"" : text;
}
