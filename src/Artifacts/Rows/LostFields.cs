using System.Text.Json;

namespace IterativeDpo.Artifacts.Rows;

/// <summary>
/// Members of a row or a message that change what a model would be shown, and that no part of this program shows: a row that has them is
/// refused. Null, and lists, objects and texts with nothing in them, are as good as absent.
/// </summary>
public static class LostFields
{
    /// <summary>Shown beside any text.</summary>
    public static readonly IReadOnlyList<string> Media = ["images", "image", "videos", "video", "audios", "audio"];

    private static readonly string[] _ofConversations = ["functions", "documents", "chat_template_kwargs"];

    private static readonly string[] _ofMessages =
        [.. Media, "function_call", "tool_responses", "reasoning_content", "reasoning", "thinking"];

    /// <summary>The first of a row's, or null.</summary>
    /// <param name="conversation">Whether its texts go through a chat template.</param>
    public static string? OfRow(JsonElement row, bool conversation) => First(row, conversation ? [.. Media, .. _ofConversations] : Media);

    /// <summary>The first of a message's, or null.</summary>
    public static string? OfMessage(JsonElement message) => First(message, _ofMessages);

    /// <summary>A row's system message in a column of its own, or null; whether the texts repeat it, the caller knows.</summary>
    public static string? SystemOf(JsonElement row) =>
        row.TryGetProperty("system", out var value) && value.ValueKind == JsonValueKind.String && !IsEmpty(value)
            ? value.GetString()
            : null;

    /// <summary>Whether it has a member of this name with something in it.</summary>
    public static bool Has(JsonElement element, string name) => element.TryGetProperty(name, out var value) && !IsEmpty(value);

    private static string? First(JsonElement element, IEnumerable<string> names) => names.FirstOrDefault(name => Has(element, name));

    /// <summary>Whether it is as good as absent.</summary>
    public static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.EnumerateArray().All(IsEmpty),
        JsonValueKind.Object => value.EnumerateObject().All(member => IsEmpty(member.Value)),
        _ => false,
    };
}
