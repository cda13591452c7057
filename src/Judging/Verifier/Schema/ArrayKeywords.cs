using System.Text.Json;
using static IterativeDpo.Judging.Verifier.Schema.JsonSchema;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>What a schema asks of arrays.</summary>
internal static class ArrayKeywords
{
    public static SchemaCheck PrefixItems(SchemaContext context, JsonElement value)
    {
        SchemaNode[] schemas = [.. context.List(value).Select((schema, i) => context.Document.NodeAt(schema, $"{context.Place}/{i}"))];
        return OnArrays((items, path) => FirstFault(items.Zip(schemas, (item, schema) => (item, schema)), path, 0));
    }

    public static SchemaCheck Items(SchemaContext context, JsonElement value)
    {
        var schema = context.Part(value);
        var before =
            context.Schema.TryGetProperty("prefixItems", out var prefix) && prefix.ValueKind == JsonValueKind.Array
                ? prefix.GetArrayLength()
                : 0;
        return OnArrays((items, path) => FirstFault(items.Skip(before).Select(item => (item, schema)), path, before));
    }

    public static SchemaCheck Contains(SchemaContext context, JsonElement value)
    {
        var schema = context.Part(value);
        var min = context.Schema.TryGetProperty("minContains", out var least) ? context.Count(least) : 1;
        var max = context.Schema.TryGetProperty("maxContains", out var most) ? context.Count(most) : int.MaxValue;
        return OnArrays((items, path) => items.Count(schema.Accepts) is var count && (count < min || count > max)
            ? Fault(path, $"has {count} items that contains is about")
            : null);
    }

    /// <summary>Read with <c>contains</c>, without which it asks nothing.</summary>
    public static SchemaCheck? CountOfContains(SchemaContext context, JsonElement value)
    {
        context.Count(value);
        return null;
    }

    public static SchemaCheck MinItems(SchemaContext context, JsonElement value) => Count(context.Count(value), int.MaxValue);

    public static SchemaCheck MaxItems(SchemaContext context, JsonElement value) => Count(0, context.Count(value));

    public static SchemaCheck? UniqueItems(SchemaContext context, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => null,
        JsonValueKind.True => OnArrays((items, path) =>
        {
            var seen = new List<JsonElement>();
            foreach (var item in items)
            {
                if (seen.Exists(other => JsonElement.DeepEquals(other, item)))
                {
                    return Fault($"{path}/{seen.Count}", "is there twice");
                }
                seen.Add(item);
            }
            return null;
        }),
        _ => throw context.Bad("true or false"),
    };

    private static SchemaCheck Count(int min, int max) => OnArrays((items, path) =>
        items.Count() is var count && (count < min || count > max) ? Fault(path, $"has {count} items") : null);

    private static SchemaCheck OnArrays(Func<IEnumerable<JsonElement>, string, string?> check) =>
        (value, path) => value.ValueKind == JsonValueKind.Array ? check(value.EnumerateArray(), path) : null;

    private static string? FirstFault(IEnumerable<(JsonElement Item, SchemaNode Schema)> items, string path, int first) =>
        items.Select((pair, i) => pair.Schema.FaultOf(pair.Item, $"{path}/{first + i}")).FirstOrDefault(fault => fault is not null);
}
