#nullable disable // As in the package: callers see no annotations.
using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>Keys with their values, in the order they were first set.</summary>
public class HoconObject : IHoconElement
{
    public Dictionary<string, HoconValue> Items { get; } = [];

    public bool IsString() => false;

    public string GetString() => throw new NotImplementedException("An object is no text.");

    public bool IsArray() => false;

    public IList<HoconValue> GetArray() => throw new NotImplementedException("An object is no array.");

    public HoconValue GetKey(string key) => Items.GetValueOrDefault(key);

    public override string ToString() => ToString(0);

    internal string ToString(int indent)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in Items)
        {
            text.Append(' ', indent * 2).Append(HoconValue.QuoteIfNeeded(key)).Append(" : ").Append(value.ToString(indent)).Append("\r\n");
        }
        return text.ToString();
    }

    internal HoconValue GetOrCreateKey(string key)
    {
        if (!Items.TryGetValue(key, out var value))
        {
            Items[key] = value = new HoconValue();
        }
        return value;
    }

    /// <summary>Sets every key of another object in this one; objects on both sides merge.</summary>
    internal void Merge(HoconObject other)
    {
        foreach (var (key, value) in other.Items)
        {
            Items[key] = Items.TryGetValue(key, out var mine) ? Merged(mine, value) : value;
        }
    }

    /// <summary>A new object: this one's keys with the other's set over them.</summary>
    internal HoconObject MergeImmutable(HoconObject over)
    {
        var merged = new HoconObject();
        foreach (var (key, value) in Items)
        {
            merged.Items[key] = value;
        }
        merged.Merge(over);
        return merged;
    }

    private static HoconValue Merged(HoconValue under, HoconValue over)
    {
        if (!under.IsObject() || !over.IsObject())
        {
            return over;
        }
        var value = new HoconValue();
        value.AppendValue(under.GetObject().MergeImmutable(over.GetObject()));
        return value;
    }
}
