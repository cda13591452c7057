using System.Text.Json;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>
/// JSON Schema 2020-12, less some keywords (docs/judges.md lists what there is): a schema that uses one that is not known is refused, so
/// that no check is passed over in silence. References stay within the schema; nothing is ever fetched. Numbers are decimals of 28 digits.
/// </summary>
internal sealed class JsonSchema
{
    private static readonly HashSet<string> Annotations = new(
        ["$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
        StringComparer.Ordinal);

    private readonly JsonElement _document;
    private readonly Dictionary<string, SchemaNode> _nodes = [];
    private readonly SchemaNode _root;

    private JsonSchema(JsonElement document)
    {
        _document = document;
        _root = NodeAt(document, "#");
        RefuseEndless();
    }

    /// <exception cref="FormatException">Not a schema, or one with a keyword or reference that is not supported; says where.</exception>
    public static JsonSchema Parse(JsonElement schema) => new(schema);

    /// <summary>What is wrong with a value, after a JSON pointer to where, or null.</summary>
    public string? FaultOf(JsonElement value) => _root.FaultOf(value, "");

    /// <param name="place">The schema's place in the document, as a JSON pointer; the schema at one place is read once.</param>
    public SchemaNode NodeAt(JsonElement schema, string place)
    {
        if (_nodes.TryGetValue(place, out var known))
        {
            return known;
        }
        var node = _nodes[place] = new SchemaNode();
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                break;
            case JsonValueKind.False:
                node.Checks.Add((_, path) => Fault(path, "is not allowed"));
                break;
            case JsonValueKind.Object:
                Read(node, schema, place);
                break;
            default:
                throw new FormatException($"the schema at {place} must be an object, true or false");
        }
        return node;
    }

    public SchemaNode Resolve(string reference)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            throw new FormatException(
                $"the reference {reference} leads out of the schema; nothing is fetched, so put what it means under $defs and write #/$defs/NAME");
        }
        var target = _document;
        foreach (var part in Uri.UnescapeDataString(reference).Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = target.ValueKind switch
            {
                JsonValueKind.Object when target.TryGetProperty(name, out var member) => member,
                JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < target.GetArrayLength() => target[
                    index
                ],
                _ => throw new FormatException($"the reference {reference} leads to nothing"),
            };
            target = found;
        }
        return NodeAt(target, Uri.UnescapeDataString(reference));
    }

    /// <summary>A fault with the place of the value, the whole value being /.</summary>
    public static string Fault(string path, string what) => $"{(path.Length == 0 ? "/" : path)}: {what}";

    public static string Member(string path, string name) =>
        $"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private void Read(SchemaNode node, JsonElement schema, string place)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            if (SchemaKeywords.All.TryGetValue(keyword.Name, out var read))
            {
                if (read(new SchemaContext(this, node, schema, Member(place, keyword.Name)), keyword.Value) is { } check)
                {
                    node.Checks.Add(check);
                }
            }
            else if (!Annotations.Contains(keyword.Name) || (keyword.Name == "$id" && place != "#"))
            {
                throw new FormatException(
                    $"the keyword {keyword.Name} at {place} is not supported; the keywords are {string.Join(", ", SchemaKeywords.All.Keys)}"
                );
            }
        }
    }

    /// <summary>A schema that leads back to itself on the same value could never be decided.</summary>
    private void RefuseEndless()
    {
        var done = new HashSet<SchemaNode>();
        var open = new HashSet<SchemaNode>();
        foreach (var (place, node) in _nodes)
        {
            Visit(node, place);
        }

        void Visit(SchemaNode node, string place)
        {
            if (!open.Add(node))
            {
                throw new FormatException($"the schema at {place} refers back to itself without going into a member or item");
            }
            if (done.Add(node))
            {
                node.OnSameValue.ForEach(next => Visit(next, place));
            }
            open.Remove(node);
        }
    }
}
