using System.Text.Json;

namespace IterativeDpo.Judging.Verifier.Schema;

/// <summary>What one keyword asks of a value.</summary>
/// <param name="path">JSON pointer to the value.</param>
/// <returns>What is wrong and where, or null.</returns>
internal delegate string? SchemaCheck(JsonElement value, string path);

/// <summary>
/// A schema: the checks of its keywords, and the schemas that it holds the same value to, which must not lead back to it.
/// </summary>
internal sealed class SchemaNode
{
    public List<SchemaCheck> Checks { get; } = [];

    /// <summary>Schemas that this one asks about the value itself, and not about a part of it.</summary>
    public List<SchemaNode> OnSameValue { get; } = [];

    /// <summary>The first thing that is wrong, or null.</summary>
    public string? FaultOf(JsonElement value, string path)
    {
        foreach (var check in Checks)
        {
            if (check(value, path) is { } fault)
            {
                return fault;
            }
        }
        return null;
    }

    public bool Accepts(JsonElement value) => FaultOf(value, "") is null;
}
