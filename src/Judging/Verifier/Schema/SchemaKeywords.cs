using System.Text.Json;
using static IterativeDpo.Judging.Verifier.Schema.JsonSchema;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>
/// Every keyword that asks something of a value. As the standard has it, one that is for another type of value asks nothing.
/// </summary>
internal static class SchemaKeywords
{
    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    /// <summary>Reads a keyword's value; no check is for one that only holds schemas, or is read with another.</summary>
    public static IReadOnlyDictionary<string, Func<SchemaContext, JsonElement, SchemaCheck?>> All { get; } =
        new Dictionary<string, Func<SchemaContext, JsonElement, SchemaCheck?>>(StringComparer.Ordinal)
        {
            ["type"] = Type,
            ["enum"] = Enum,
            ["const"] = (_, expected) =>
                (value, path) => JsonElement.DeepEquals(value, expected) ? null : Fault(path, "must be the value of const"),
            ["allOf"] = AllOf,
            ["anyOf"] = AnyOf,
            ["oneOf"] = OneOf,
            ["not"] = Not,
            ["if"] = If,
            ["then"] = (_, _) => null,
            ["else"] = (_, _) => null,
            ["$ref"] = (context, reference) => context.Reference(reference).FaultOf,
            ["$defs"] = Definitions,
            ["definitions"] = Definitions,
            ["properties"] = ObjectKeywords.Properties,
            ["patternProperties"] = ObjectKeywords.PatternProperties,
            ["additionalProperties"] = ObjectKeywords.AdditionalProperties,
            ["propertyNames"] = ObjectKeywords.PropertyNames,
            ["required"] = ObjectKeywords.Required,
            ["dependentRequired"] = ObjectKeywords.DependentRequired,
            ["dependentSchemas"] = ObjectKeywords.DependentSchemas,
            ["minProperties"] = ObjectKeywords.MinProperties,
            ["maxProperties"] = ObjectKeywords.MaxProperties,
            ["prefixItems"] = ArrayKeywords.PrefixItems,
            ["items"] = ArrayKeywords.Items,
            ["contains"] = ArrayKeywords.Contains,
            ["minContains"] = ArrayKeywords.CountOfContains,
            ["maxContains"] = ArrayKeywords.CountOfContains,
            ["minItems"] = ArrayKeywords.MinItems,
            ["maxItems"] = ArrayKeywords.MaxItems,
            ["uniqueItems"] = ArrayKeywords.UniqueItems,
            ["minLength"] = ScalarKeywords.MinLength,
            ["maxLength"] = ScalarKeywords.MaxLength,
            ["pattern"] = ScalarKeywords.Pattern,
            ["minimum"] = ScalarKeywords.Minimum,
            ["maximum"] = ScalarKeywords.Maximum,
            ["exclusiveMinimum"] = ScalarKeywords.ExclusiveMinimum,
            ["exclusiveMaximum"] = ScalarKeywords.ExclusiveMaximum,
            ["multipleOf"] = ScalarKeywords.MultipleOf,
        };

    private static SchemaCheck Type(SchemaContext context, JsonElement type)
    {
        var types = type.ValueKind == JsonValueKind.String ? [type.GetString()!] : context.Texts(type);
        if (types.Length == 0 || types.Except(Types).Any())
        {
            throw context.Bad($"one or more of {string.Join(", ", Types)}");
        }
        return (value, path) => types.Any(allowed => IsOf(value, allowed))
            ? null
            : Fault(path, $"must be {string.Join(" or ", types)}, not {NameOf(value)}");
    }

    private static SchemaCheck Enum(SchemaContext context, JsonElement values)
    {
        var allowed = context.List(values);
        return (value, path) => allowed.Any(one => JsonElement.DeepEquals(one, value)) ? null : Fault(path, "is none of enum");
    }

    private static SchemaCheck AllOf(SchemaContext context, JsonElement schemas)
    {
        var all = context.SameList(schemas);
        return (value, path) => all.Select(schema => schema.FaultOf(value, path)).FirstOrDefault(fault => fault is not null);
    }

    private static SchemaCheck AnyOf(SchemaContext context, JsonElement schemas)
    {
        var any = context.SameList(schemas);
        return (value, path) => any.Any(schema => schema.Accepts(value)) ? null : Fault(path, "is none of anyOf");
    }

    private static SchemaCheck OneOf(SchemaContext context, JsonElement schemas)
    {
        var one = context.SameList(schemas);
        return (value, path) =>
            one.Count(schema => schema.Accepts(value)) is var count and not 1 ? Fault(path, $"is {count} of oneOf") : null;
    }

    private static SchemaCheck Not(SchemaContext context, JsonElement schema)
    {
        var other = context.Same(schema);
        return (value, path) => other.Accepts(value) ? Fault(path, "is what not rules out") : null;
    }

    private static SchemaCheck If(SchemaContext context, JsonElement schema)
    {
        var (condition, then, otherwise) = (context.Same(schema), context.SameBeside("then"), context.SameBeside("else"));
        return (value, path) => (condition.Accepts(value) ? then : otherwise)?.FaultOf(value, path);
    }

    private static SchemaCheck? Definitions(SchemaContext context, JsonElement schemas)
    {
        context.PartsByName(schemas);
        return null;
    }

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number
            && (value.TryGetDecimal(out var exact) ? exact % 1 == 0 : value.GetDouble() % 1 == 0),
        _ => NameOf(value) == type,
    };

    private static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var kind => kind.ToString().ToLowerInvariant(),
    };
}
