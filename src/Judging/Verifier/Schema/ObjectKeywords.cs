using System.Text.Json;
using static IterativeDpo.Judging.Verifier.Schema.JsonSchema;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>What a schema asks of objects.</summary>
internal static class ObjectKeywords
{
    public static SchemaCheck Properties(SchemaContext context, JsonElement value)
    {
        var schemas = context.PartsByName(value);
        return OnMembers((member, path) => schemas.GetValueOrDefault(member.Name)?.FaultOf(member.Value, path));
    }

    public static SchemaCheck PatternProperties(SchemaContext context, JsonElement value)
    {
        (Pattern Pattern, SchemaNode Schema)[] schemas =
        [
            .. context.PartsByName(value).Select(part => (context.Matching(part.Key), part.Value)),
        ];
        return OnMembers((member, path) => schemas
            .Where(item => item.Pattern.IsMatch(member.Name))
            .Select(item => item.Schema.FaultOf(member.Value, path))
            .FirstOrDefault(fault => fault is not null));
    }

    /// <summary>For the members that neither <c>properties</c> nor <c>patternProperties</c> is about.</summary>
    public static SchemaCheck AdditionalProperties(SchemaContext context, JsonElement value)
    {
        var schema = context.Part(value);
        var named = NamesIn(context, "properties").ToHashSet();
        Pattern[] patterns = [.. NamesIn(context, "patternProperties").Select(context.Matching)];
        return OnMembers((member, path) => named.Contains(member.Name) || patterns.Any(pattern => pattern.IsMatch(member.Name))
            ? null
            : schema.FaultOf(member.Value, path));
    }

    public static SchemaCheck PropertyNames(SchemaContext context, JsonElement value)
    {
        var schema = context.Part(value);
        return OnMembers(
            (member, path) =>
                schema.Accepts(JsonSerializer.SerializeToElement(member.Name)) ? null : Fault(path, "has a name that propertyNames refuses")
        );
    }

    public static SchemaCheck Required(SchemaContext context, JsonElement value)
    {
        var names = context.Texts(value);
        return OnObjects((found, path) => Missing(found, names) is { } missing ? Fault(Member(path, missing), "is missing") : null);
    }

    public static SchemaCheck DependentRequired(SchemaContext context, JsonElement value)
    {
        var names = context.Members(value).ToDictionary(member => member.Name, member => context.Texts(member.Value));
        return OnObjects((found, path) => names
            .Where(item => found.TryGetProperty(item.Key, out _))
            .Select(item =>
                Missing(found, item.Value) is { } missing ? Fault(Member(path, missing), $"is missing beside {item.Key}") : null)
            .FirstOrDefault(fault => fault is not null));
    }

    public static SchemaCheck DependentSchemas(SchemaContext context, JsonElement value)
    {
        var schemas = context.SameByName(value);
        return OnObjects((found, path) => schemas
            .Where(item => found.TryGetProperty(item.Key, out _))
            .Select(item => item.Value.FaultOf(found, path))
            .FirstOrDefault(fault => fault is not null));
    }

    public static SchemaCheck MinProperties(SchemaContext context, JsonElement value) => Count(context.Count(value), int.MaxValue);

    public static SchemaCheck MaxProperties(SchemaContext context, JsonElement value) => Count(0, context.Count(value));

    private static SchemaCheck Count(int min, int max) => OnObjects((found, path) =>
        found.GetPropertyCount() is var count && (count < min || count > max) ? Fault(path, $"has {count} members") : null);

    private static string? Missing(JsonElement value, string[] names) => names.FirstOrDefault(name => !value.TryGetProperty(name, out _));

    private static IEnumerable<string> NamesIn(SchemaContext context, string keyword) =>
        context.Schema.TryGetProperty(keyword, out var value) ? context.Members(value).Select(member => member.Name) : [];

    private static SchemaCheck OnObjects(SchemaCheck check) =>
        (value, path) => value.ValueKind == JsonValueKind.Object ? check(value, path) : null;

    /// <summary>A check of each member, with the path to it.</summary>
    private static SchemaCheck OnMembers(Func<JsonProperty, string, string?> check) => OnObjects((value, path) => value.EnumerateObject()
        .Select(member => check(member, Member(path, member.Name)))
        .FirstOrDefault(fault => fault is not null));
}
