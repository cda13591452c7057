using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Generation;

/// <summary>
/// Reads one line of a <see cref="PromptFile"/>: ours, or a row of a data set in one of TRL's formats, of which the prompt is taken.
/// </summary>
internal static class PromptLine
{
    /// <param name="where">The file and line, for errors.</param>
    /// <param name="answers">Whether its own answer is asked for.</param>
    /// <returns>Also whether the line gives the prompt an id.</returns>
    public static (Prompt Prompt, bool IsNamed) Parse(string line, string where, bool answers = false)
    {
        using var document = ParseJson(line, where);
        try
        {
            var parsed = Parse(document.RootElement, where, answers);
            return
                new Passage(parsed.Prompt.Text, parsed.Prompt.Messages).Says("\0")
                || parsed.Prompt.Answer?.Contains('\0', StringComparison.Ordinal) == true
                ? throw new InvalidOperationException("a NUL")
                : parsed;
        }
        // A text with half of a surrogate pair, or a NUL.
        catch (InvalidOperationException e) when (TextFault.OfJson(Encoding.UTF8.GetBytes(line)) is { } fault)
        {
            throw new UserInputException($"{where}: {fault}.", e);
        }
    }

    private static (Prompt Prompt, bool IsNamed) Parse(JsonElement root, string where, bool answers)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new UserInputException($"{where}: a {Kind(root)} where a JSON object such as {{\"prompt\": \"…\"}} belongs.");
        }
        var asked = Asked(root, where);
        var messages = asked.ValueKind == JsonValueKind.String ? null : Messages(asked, where);
        var id = OptionalText(root, "id", where);
        var passage = new Passage(messages is null ? asked.GetString() : null, messages);
        RefuseLost(LostFields.OfRow(root, conversation: messages is not null), where);
        RefuseLost(LostFields.SystemOf(root) is { } system && !passage.Says(system) ? "system" : null, where);
        var tools = messages is null ? null : WithTools(() => ToolFields.ToolsOf(root), where);
        var answer = answers ? Answer(root, messages is not null, where) : null;
        return (
            new Prompt(
                id ?? IdOf(asked.GetRawText() + tools?.Text),
                messages,
                passage.Text,
                OptionalText(root, "task", where),
                Checks(root, where),
                answer,
                tools),
            id is not null);
    }

    /// <summary>A line of plain text, which is continued as it is.</summary>
    public static (Prompt Prompt, bool IsNamed) OfText(string text) => (new(IdOf(text), null, text, null, []), false);

    private static string IdOf(string asked) => $"p-{Digest.Of(Encoding.UTF8.GetBytes(asked)).Short}";

    private static JsonDocument ParseJson(string line, string where)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new UserInputException(
                $"{where}: not JSON at byte {e.BytePositionInLine + 1}; every line must be one whole JSON object.",
                e);
        }
    }

    private static JsonElement Asked(JsonElement root, string where)
    {
        var answers = root.TryGetProperty("chosen", out var chosen) || root.TryGetProperty("completion", out chosen);
        if (!root.TryGetProperty("prompt", out var asked) || asked.ValueKind == JsonValueKind.Null)
        {
            throw new UserInputException(answers
                ? $"{where}: the prompt of this row is implicit, what its completions begin with; ./dpo convert writes such rows with a \"prompt\"."
                : $"{where}: \"prompt\" is missing; give a text or a list of messages.");
        }
        // TRL takes the prompt from the conversations then, and so must whoever writes the file.
        return answers && asked.ValueKind == JsonValueKind.String && chosen.ValueKind == JsonValueKind.Array
            ? throw new UserInputException(
                $"{where}: \"prompt\" is a text beside completions that are conversations; give it as a list of messages, as ./dpo convert does.")
            : asked;
    }

    /// <summary>What a chat template would have shown and this program does not.</summary>
    private static void RefuseLost(string? name, string where)
    {
        if (name is not null)
        {
            throw new UserInputException(
                $"{where}: \"{name}\" would be lost: it is not supported, and the prompt would be read without it; take the row out.");
        }
    }

    private static T WithTools<T>(Func<T> read, string where)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw new UserInputException($"{where}: {e.Message}.", e);
        }
    }

    private static ChatMessage[] Messages(JsonElement asked, string where)
    {
        if (asked.ValueKind != JsonValueKind.Array || asked.GetArrayLength() == 0)
        {
            throw new UserInputException(
                $"{where}: \"prompt\" must be a text or a list of {{\"role\", \"content\"}} messages, and not empty.");
        }
        ChatMessage[] messages = [.. asked.EnumerateArray().Select(message => Message(message, where))];
        return messages[^1].Role == "assistant"
            ? throw new UserInputException(
                $"{where}: \"prompt\" ends with the assistant's turn, which is the one to be sampled; end with the user's.")
            : messages;
    }

    private static ChatMessage Message(JsonElement message, string where)
    {
        var role = Text(message, "role", where);
        RefuseLost(LostFields.OfMessage(message), where);
        var content = LostFields.Has(message, "tool_calls") ? OptionalText(message, "content", where) : Text(message, "content", where);
        return ChatMessage.Roles.Contains(role)
            ? WithTools(() => ToolFields.MessageOf(message, role, content), where)
            : throw new UserInputException($"{where}: the role \"{role}\" is not one of {string.Join(", ", ChatMessage.Roles)}.");
    }

    /// <summary>
    /// What the row says itself: a text to a text, one turn of the assistant to a conversation. Null where it says nothing, or nothing
    /// good.
    /// </summary>
    private static string? Answer(JsonElement root, bool isChat, string where)
    {
        var isBad = root.TryGetProperty("label", out var label) && label.ValueKind == JsonValueKind.False;
        if (!(root.TryGetProperty("chosen", out var answer) || (!isBad && root.TryGetProperty("completion", out answer)))
            || answer.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        if (!isChat && answer.ValueKind == JsonValueKind.String)
        {
            return answer.GetString();
        }
        return
            isChat
            && answer.ValueKind == JsonValueKind.Array
            && answer.GetArrayLength() == 1
            && Message(answer[0], where) is { Role: "assistant" } turn
            ? turn.ToolCalls is null
                ? turn.Content
                : throw new UserInputException(
                    $"{where}: its answer calls tools, and an answer of data is a text here; train on such rows with ./dpo train.")
            : throw new UserInputException(
                $"{where}: its answer must be {(isChat ? "one turn of the assistant, as the prompt is a conversation" : "a text, as the prompt is one")}.");
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
        return
        [
            .. checks
                .EnumerateArray()
                .Select(check => new AnswerCheck(Text(check, "kind", where), Value(check), Weight(check, where), IsRequired(check, where))),
        ];
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
