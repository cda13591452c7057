using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>Reads one line of a <see cref="PromptFile"/>.</summary>
internal static class PromptLine
{
    /// <param name="where">The file and line, for errors.</param>
    public static Prompt Parse(string line, string where)
    {
        using var document = ParseJson(line, where);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new UserInputException($"{where}: a {Kind(root)} where a JSON object such as {{\"prompt\": \"…\"}} belongs.");
        }
        if (!root.TryGetProperty("prompt", out var asked))
        {
            throw new UserInputException($"{where}: \"prompt\" is missing; give a text or a list of messages.");
        }
        var messages = asked.ValueKind == JsonValueKind.String ? null : Messages(asked, where);
        var id = OptionalText(root, "id", where) ?? $"p-{Digest.Of(Encoding.UTF8.GetBytes(asked.GetRawText())).Short}";
        return new Prompt(id, messages, messages is null ? asked.GetString() : null, OptionalText(root, "task", where), Checks(root, where));
    }

    private static JsonDocument ParseJson(string line, string where)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{where}: not JSON at byte {e.BytePositionInLine}; every line must be one whole JSON object.", e);
        }
    }

    private static ChatMessage[] Messages(JsonElement asked, string where)
    {
        if (asked.ValueKind != JsonValueKind.Array || asked.GetArrayLength() == 0)
        {
            throw new UserInputException($"{where}: \"prompt\" must be a text or a list of {{\"role\", \"content\"}} messages, and not empty.");
        }
        return [.. asked.EnumerateArray().Select(message => new ChatMessage(Text(message, "role", where), Text(message, "content", where)))];
    }

    private static AnswerCheck[] Checks(JsonElement root, string where)
    {
        if (!root.TryGetProperty("checks", out var checks))
        {
            return [];
        }
        if (checks.ValueKind != JsonValueKind.Array)
        {
            throw new UserInputException($"{where}: \"checks\" must be a list of {{\"kind\", \"value\", \"weight\", \"required\"}}.");
        }
        return [.. checks.EnumerateArray().Select(check => new AnswerCheck(Text(check, "kind", where), Value(check), Weight(check, where), IsRequired(check, where)))];
    }

    /// <summary>A text is itself; any other value is its JSON, so that numbers, lists and schemas need no quoting.</summary>
    private static string Value(JsonElement check) => check.TryGetProperty("value", out var value) && value.ValueKind != JsonValueKind.Null
        ? value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText()
        : "";

    private static bool IsRequired(JsonElement check, string where) => check.TryGetProperty("required", out var required)
        && (required.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? required.GetBoolean()
            : throw new UserInputException($"{where}: \"required\" must be true or false, not a {Kind(required)}."));

    private static double Weight(JsonElement check, string where)
    {
        if (!check.TryGetProperty("weight", out var weight))
        {
            return 1;
        }
        return weight.ValueKind == JsonValueKind.Number
            ? weight.GetDouble()
            : throw new UserInputException($"{where}: \"weight\" must be a number, not a {Kind(weight)}.");
    }

    private static string Text(JsonElement element, string name, string where)
    {
        var text = element.ValueKind == JsonValueKind.Object ? OptionalText(element, name, where) : null;
        return text ?? throw new UserInputException($"{where}: \"{name}\" is missing in {element.GetRawText()}.");
    }

    private static string? OptionalText(JsonElement element, string name, string where)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw new UserInputException($"{where}: \"{name}\" must be a text, not a {Kind(value)}.");
    }

    private static string Kind(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();
}
