using System.Text.Json;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>Reads a keyword's value.</summary>
/// <param name="Node">The schema that the keyword belongs to.</param>
/// <param name="Schema">The same as JSON, for keywords that depend on their neighbours.</param>
/// <param name="Place">JSON pointer to the keyword's value.</param>
internal sealed record SchemaContext(JsonSchema Document, SchemaNode Node, JsonElement Schema, string Place)
{
    /// <summary>2.0 is a whole number too; a bound that nothing can reach is the highest count.</summary>
    public int Count(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var count) && count >= 0 && count % 1 == 0
        ? (int)Math.Min(count, int.MaxValue)
        : throw Bad("a whole number from 0 up");

    public decimal Number(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number)
        ? number
        : throw Bad("a number");

    public string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad("a text");

    public string[] Texts(JsonElement value) => [.. List(value).Select(Text)];

    public JsonElement[] List(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Bad("a list");

    public JsonProperty[] Members(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? [.. value.EnumerateObject()] : throw Bad("an object");

    public Pattern Matching(string pattern)
    {
        try
        {
            return Pattern.Parse(pattern);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{Place}: {e.Message}", e);
        }
    }

    /// <summary>A schema for parts of the value.</summary>
    public SchemaNode Part(JsonElement value) => Document.NodeAt(value, Place);

    /// <summary>Schemas for parts of the value, by name.</summary>
    public Dictionary<string, SchemaNode> PartsByName(JsonElement value) =>
        Members(value).ToDictionary(member => member.Name, member => Document.NodeAt(member.Value, JsonSchema.Member(Place, member.Name)));

    /// <summary>A schema for the value itself.</summary>
    public SchemaNode Same(JsonElement value) => OnSame(Document.NodeAt(value, Place));

    /// <summary>Schemas for the value itself, by name.</summary>
    public Dictionary<string, SchemaNode> SameByName(JsonElement value) =>
        PartsByName(value).ToDictionary(part => part.Key, part => OnSame(part.Value));

    /// <summary>Schemas for the value itself, at least one.</summary>
    public SchemaNode[] SameList(JsonElement value) => List(value) is { Length: > 0 } schemas
        ? [.. schemas.Select((schema, i) => OnSame(Document.NodeAt(schema, $"{Place}/{i}")))]
        : throw Bad("a list of at least one schema");

    /// <summary>A schema elsewhere in the document for the value itself.</summary>
    public SchemaNode Reference(JsonElement value) => OnSame(Document.Resolve(Text(value)));

    /// <summary>A keyword beside this one.</summary>
    public SchemaNode? SameBeside(string keyword) => Schema.TryGetProperty(keyword, out var value)
        ? OnSame(Document.NodeAt(value, Place[..(Place.LastIndexOf('/') + 1)] + keyword))
        : null;

    public FormatException Bad(string rule) => new($"{Place} must be {rule}");

    private SchemaNode OnSame(SchemaNode node)
    {
        Node.OnSameValue.Add(node);
        return node;
    }
}
