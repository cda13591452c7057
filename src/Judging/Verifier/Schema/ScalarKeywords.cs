using System.Text.Json;
using static IterativeDpo.Judging.Verifier.Schema.JsonSchema;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>What a schema asks of texts and numbers.</summary>
internal static class ScalarKeywords
{
    public static SchemaCheck MinLength(SchemaContext context, JsonElement value) => Length(context.Count(value), int.MaxValue);

    public static SchemaCheck MaxLength(SchemaContext context, JsonElement value) => Length(0, context.Count(value));

    public static SchemaCheck Pattern(SchemaContext context, JsonElement value)
    {
        var pattern = context.Matching(context.Text(value));
        return (text, path) =>
            text.ValueKind != JsonValueKind.String || pattern.IsMatch(text.GetString()!) ? null : Fault(path, $"does not match {pattern}");
    }

    public static SchemaCheck Minimum(SchemaContext context, JsonElement value) => Compare(context, value, "at least", order => order >= 0);

    public static SchemaCheck Maximum(SchemaContext context, JsonElement value) => Compare(context, value, "at most", order => order <= 0);

    public static SchemaCheck ExclusiveMinimum(SchemaContext context, JsonElement value) =>
        Compare(context, value, "above", order => order > 0);

    public static SchemaCheck ExclusiveMaximum(SchemaContext context, JsonElement value) =>
        Compare(context, value, "below", order => order < 0);

    public static SchemaCheck MultipleOf(SchemaContext context, JsonElement value)
    {
        var factor = context.Number(value) is > 0 and var number ? number : throw context.Bad("a number above 0");
        return (found, path) => found.ValueKind != JsonValueKind.Number || (found.TryGetDecimal(out var exact) && exact % factor == 0)
            ? null
            : Fault(path, $"must be a multiple of {value}");
    }

    // Code points, as the standard counts.
    private static SchemaCheck Length(int min, int max) => (value, path) =>
        value.ValueKind == JsonValueKind.String
        && value.GetString()!.EnumerateRunes().Count() is var length
        && (length < min || length > max)
            ? Fault(path, $"has {length} characters")
            : null;

    private static SchemaCheck Compare(SchemaContext context, JsonElement value, string rule, Func<int, bool> accepts)
    {
        var limit = context.Number(value);
        return (found, path) =>
            found.ValueKind != JsonValueKind.Number || accepts(Order(found, limit)) ? null : Fault(path, $"must be {rule} {value}");
    }

    private static int Order(JsonElement found, decimal limit) =>
        found.TryGetDecimal(out var exact) ? exact.CompareTo(limit) : found.GetDouble().CompareTo((double)limit);
}
