using System.Text.Json;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// A JSON object of a model's folder, or one within it. What a key must be and is not is an error that names the file and the key.
/// </summary>
internal sealed class HubJson
{
    private readonly string _path, _prefix;
    private readonly JsonElement _root;

    private HubJson(string path, string prefix, JsonElement root) => (_path, _prefix, _root) = (path, prefix, root);

    public JsonElement Root => _root;

    /// <exception cref="UserInputException">Missing, no JSON object, or a key occurs twice.</exception>
    public static HubJson Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(
                TextFile.Read(path),
                new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 64 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(path, "", document.RootElement.Clone())
                : throw new JsonException("It is no JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserInputException($"{path}: not a JSON file of a model: {e.Message} Copy or download it again.", e);
        }
    }

    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>Null where the key is missing or null.</summary>
    public JsonElement? Find(string key) =>
        _root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Null where the key is missing or null.</summary>
    public HubJson? Section(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? Of(key, value) : throw Bad(key, "it is no JSON object");

    public HubJson Of(string key, JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? new(_path, $"{_prefix}{key}.", value)
        : throw Bad(key, "it is no JSON object");

    public string Text(string key, string? absent = null) => Find(key) is not { } value ? absent ?? throw Missing(key)
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad(key, $"{Shorten(value)} is no text");

    public bool Flag(string key, bool absent) => Find(key) is not { } value ? absent
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Bad(key, $"{Shorten(value)} is neither true nor false");

    public int Integer(string key, int? absent = null) => Find(key) is not { } value ? absent ?? throw Missing(key)
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : throw Bad(key, $"{Shorten(value)} is no whole number of 32 bits");

    /// <summary>A whole number over 0.</summary>
    public int Size(string key, int? absent = null)
    {
        var size = Integer(key, absent);
        Require(size > 0, key, $"{size} is under 1");
        return size;
    }

    public float Number(string key, float? absent = null) =>
        Find(key) is not { } value ? absent ?? throw Missing(key) : NumberOf(key, value);

    public float[] Numbers(string key) => [.. Items(key).Select(value => NumberOf(key, value))];

    public string[] Texts(string key) =>
        [
            .. Items(key)
                .Select(value =>
                    value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad(key, $"{Shorten(value)} is no text")),
        ];

    /// <summary>None where the key is missing or null.</summary>
    public IEnumerable<JsonElement> Items(string key) => Find(key) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Bad(key, "it is no list");

    public void Require(bool holds, string key, string problem)
    {
        if (!holds) throw Bad(key, problem);
    }

    public UserInputException Bad(string key, string problem) =>
        new($"{_path}: '{_prefix}{key}': {problem}. Use another model, or save it again.");

    private UserInputException Missing(string key) => Bad(key, "the key is missing");

    private float NumberOf(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var number) && float.IsFinite(number)
            ? number
            : throw Bad(key, $"{Shorten(value)} is no number of 32 bits");

    private static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
