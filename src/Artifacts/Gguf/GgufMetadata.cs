using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// A file's metadata in its stored order, with typed access whose errors name the file and the key. Types are exact, as llama.cpp takes
/// them.
/// </summary>
public sealed class GgufMetadata : IEnumerable<KeyValuePair<string, GgufValue>>
{
    private readonly OrderedDictionary<string, GgufValue> _values;
    private readonly string _path;

    internal GgufMetadata(string path, OrderedDictionary<string, GgufValue> values)
    {
        _path = path;
        _values = values;
    }

    public int Count => _values.Count;

    public bool Contains(string key) => _values.ContainsKey(key);

    public bool TryGet(string key, [MaybeNullWhen(false)] out GgufValue value) => _values.TryGetValue(key, out value);

    /// <exception cref="UserInputException">The key is missing or of another type; so for every getter here.</exception>
    public string GetString(string key) => Get<string>(key, "a string");

    public string GetString(string key, string absent) => Contains(key) ? GetString(key) : absent;

    public bool GetBool(string key) => Get<bool>(key, "a bool");

    public bool GetBool(string key, bool absent) => Contains(key) ? GetBool(key) : absent;

    public float GetSingle(string key) => Get<float>(key, "a float32");

    public float GetSingle(string key, float absent) => Contains(key) ? GetSingle(key) : absent;

    public uint GetUInt32(string key) => Get<uint>(key, "a uint32");

    public uint GetUInt32(string key, uint absent) => Contains(key) ? GetUInt32(key) : absent;

    public ushort GetUInt16(string key, ushort absent) => Contains(key) ? Get<ushort>(key, "a uint16") : absent;

    public T[] GetArray<T>(string key) => Get<T[]>(key, $"an array of {typeof(T).Name}");

    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private GgufValue Require(string key) => _values.TryGetValue(key, out var value)
        ? value
        : throw new UserInputException($"{_path}: the metadata key '{key}' is missing. Export the file again with it.");

    // Arrays of int pass for arrays of uint in the runtime's eyes (array covariance); the exact type is meant.
    private T Get<T>(string key, string wanted) =>
        Require(key).Value is T value && value.GetType() == typeof(T) ? value : throw Mismatch(key, wanted);

    private UserInputException Mismatch(string key, string wanted)
    {
        var value = _values[key];
        var found = value.Type == GgufValueType.Array ? $"an array of {value.ElementType}" : $"{value.Type} {Shorten(value.Value)}";
        return new($"{_path}: the metadata key '{key}' must be {wanted}, but is {found}. Export the file again.");
    }

    private static string Shorten(object value)
    {
        var text = value.ToString() ?? "";
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
