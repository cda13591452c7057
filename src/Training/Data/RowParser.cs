using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Artifacts.Text;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Reads a row of any <see cref="DataFormat"/>, recognised by its fields. <c>prompt_id</c> groups rows, <c>chosen_probability</c> softens
/// a preference's label. Other fields are ignored, a <c>pair</c> or a <c>provenance</c> that is not our own among them; null is as good as
/// absent. What would change the conversation that the model sees is refused.
/// </summary>
internal static class RowParser
{
    private static readonly string[] _texts = ["chosen", "rejected", "completion"];

    /// <exception cref="RowException">The row cannot be used.</exception>
    public static DataRow Parse(ReadOnlyMemory<byte> line)
    {
        if (TextFault.OfLine(line.Span) is { } fault)
        {
            throw new RowException(RowProblem.NotJson, fault);
        }
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object)
            {
                throw new RowException(RowProblem.NotJson, "the line is no JSON object");
            }
            return IsPair(row) ? ParsePair(line.Span) : WithoutNuls(ParseTexts(row), line.Span);
        }
        // The second is a text with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RowException(RowProblem.NotJson, TextFault.OfJson(line.Span)
                ?? $"the line is not JSON at byte {(e as JsonException)?.BytePositionInLine + 1}: every line must be one whole object");
        }
    }

    /// <summary>Other tools have a column of this name too, beside their texts.</summary>
    private static bool IsPair(JsonElement row) =>
        Field(row, "pair") is { ValueKind: JsonValueKind.Object } && !_texts.Any(name => row.TryGetProperty(name, out _));

    private static DataRow ParsePair(ReadOnlySpan<byte> line)
    {
        try
        {
            var record = PairFile.Parse(line);
            return new(DataFormat.Pair, record.Pair.PromptId, record.Pair, null, record.Provenance);
        }
        catch (JsonException e)
        {
            throw new RowException(RowProblem.WrongType, $"not a pair: {e.Message}");
        }
    }

    /// <summary>Chat templates end at a NUL, and no tokenizer was trained on one.</summary>
    private static DataRow WithoutNuls(DataRow row, ReadOnlySpan<byte> line) =>
        new[] { row.Texts!.Prompt, row.Texts.First, row.Texts.Second }.Any(passage => passage?.Says("\0") == true)
            ? throw new RowException(RowProblem.NotText, TextFault.OfJson(line) ?? "a NUL, which no text has: take it out")
            : row;

    private static DataRow ParseTexts(JsonElement row)
    {
        var provenance =
            Field(row, "provenance") is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty("prompt_text", out _)
            ? ParseProvenance(element)
            : null;
        var (format, texts) = Field(row, "chosen") is not null || Field(row, "rejected") is not null
            ? ParsePreference(row)
            : ParseUnpaired(row);
        CheckTexts(texts);
        RefuseLost(row, LostFields.OfRow(row, conversation: texts.Prompt.Turns is not null));
        RefuseLost(row, LostFields.SystemOf(row) is { } system && !texts.Prompt.Says(system) ? "system" : null);
        if (texts.Prompt.Turns is not null)
        {
            texts = texts with { Prompt = texts.Prompt with { Tools = WithTools(() => ToolFields.ToolsOf(row)) } };
        }
        return new(format, PromptId(row, texts.Prompt), null, texts, provenance);
    }

    private static (DataFormat, RowTexts) ParsePreference(JsonElement row)
    {
        var (chosen, rejected) = (Required(row, "chosen"), Required(row, "rejected"));
        RequireSameKind("chosen", chosen, "rejected", rejected);
        var probability = Probability(row);
        if (chosen == rejected)
        {
            throw new RowException(RowProblem.ChosenEqualsRejected, "\"chosen\" and \"rejected\" are equal");
        }
        var prompt = Field(row, "prompt") is { } asked ? PassageOf(asked, "prompt") : null;
        var chat = chosen.Turns is not null;
        // As in TRL: a prompt as text beside whole conversations only repeats what these begin with.
        if (prompt is null || (chat && prompt.Text is not null))
        {
            var split = ImplicitPrompt.Split(chosen, rejected);
            return split.Prompt is { Text: "" } or { Turns.Count: 0 }
                ? throw new RowException(
                    RowProblem.NoCommonPrefix,
                    "\"chosen\" and \"rejected\" have no beginning in common to be the prompt")
                : (
                    chat ? DataFormat.ImplicitChatPreference : DataFormat.ImplicitPreference,
                    new(split.Prompt, split.Chosen, split.Rejected, probability));
        }
        RequireSameKind("prompt", prompt, "chosen", chosen);
        return (chat ? DataFormat.ChatPreference : DataFormat.Preference, new(prompt, chosen, rejected, probability));
    }

    private static (DataFormat, RowTexts) ParseUnpaired(JsonElement row)
    {
        if (Field(row, "completion") is null && Field(row, "label") is null)
        {
            throw new RowException(RowProblem.MissingField, "\"chosen\" and \"rejected\", or \"completion\" and \"label\", are missing");
        }
        var (prompt, completion) = (Required(row, "prompt"), Required(row, "completion"));
        RequireSameKind("prompt", prompt, "completion", completion);
        var label = Field(row, "label") ?? throw new RowException(RowProblem.MissingField, "\"label\" is missing");
        if (label.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new RowException(RowProblem.LabelNotBoolean, $"\"label\" must be true or false, not {Shorten(label)}");
        }
        var format = completion.Turns is null ? DataFormat.Unpaired : DataFormat.ChatUnpaired;
        return (format, new(prompt, completion, null, label.GetBoolean() ? 1 : 0));
    }

    private static void CheckTexts(RowTexts texts)
    {
        if (texts.Prompt is { Text: "" } or { Turns.Count: 0 })
        {
            throw new RowException(RowProblem.EmptyPrompt, "\"prompt\" is empty");
        }
        if (texts.Prompt.Turns is [.., { Role: "assistant" }])
        {
            throw new RowException(RowProblem.NoAssistantTurn, "the prompt ends with an assistant's turn, so no completion can follow");
        }
        foreach (var completion in new[] { texts.First, texts.Second }.OfType<Passage>())
        {
            if (completion.Turns is { Count: > 0 } turns && !(turns[0].Role == "assistant" && turns[^1].Role == "assistant"))
            {
                throw new RowException(RowProblem.NoAssistantTurn, "a completion must begin and end with an assistant's turn");
            }
            if (completion is { Text: "" } or { Turns.Count: 0 } || completion.Turns is [.., { Content: "", ToolCalls: null }])
            {
                throw new RowException(RowProblem.EmptyCompletion, "a completion is empty");
            }
        }
    }

    private static Passage Required(JsonElement row, string name) => Field(row, name) is { } value
        ? PassageOf(value, name)
        : throw new RowException(RowProblem.MissingField, $"\"{name}\" is missing");

    private static Passage PassageOf(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.String => Passage.Of(value.GetString()!),
        JsonValueKind.Array => Passage.Of([.. value.EnumerateArray().Select(turn => Turn(turn, name))]),
        _ => throw new RowException(RowProblem.WrongType, $"\"{name}\" must be a text or a list of messages, not {Shorten(value)}"),
    };

    private static ChatMessage Turn(JsonElement turn, string name)
    {
        if (turn.ValueKind != JsonValueKind.Object
            || Field(turn, "role") is not { ValueKind: JsonValueKind.String } role
            || !(Field(turn, "content") is { } content ? content.ValueKind == JsonValueKind.String : LostFields.Has(turn, "tool_calls")))
        {
            throw new RowException(
                RowProblem.WrongType,
                $"a message in \"{name}\" must have \"role\" and \"content\", both texts, or \"tool_calls\" without content: {Shorten(turn)}");
        }
        RefuseLost(turn, LostFields.OfMessage(turn));
        return ChatMessage.Roles.Contains(role.GetString())
            ? WithTools(() => ToolFields.MessageOf(turn, role.GetString()!, Field(turn, "content")?.GetString()))
            : throw new RowException(
                RowProblem.UnknownRole,
                $"the role \"{role.GetString()}\" in \"{name}\" is not one of {string.Join(", ", ChatMessage.Roles)}");
    }

    private static T WithTools<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw new RowException(RowProblem.WrongType, e.Message);
        }
    }

    private static void RefuseLost(JsonElement element, string? name)
    {
        if (name is not null)
        {
            throw new RowException(
                RowProblem.Unsupported,
                $"\"{name}\" is not supported, and the row would be read without it: {Shorten(element.GetProperty(name))}");
        }
    }

    private static double Probability(JsonElement row)
    {
        if (Field(row, "chosen_probability") is not { } value)
        {
            return 1;
        }
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw new RowException(RowProblem.WrongType, $"\"chosen_probability\" must be a number, not {Shorten(value)}");
        }
        return value.GetDouble() is >= 0 and <= 1 and var probability
            ? probability
            : throw new RowException(RowProblem.ProbabilityOutOfRange, $"\"chosen_probability\" must be from 0 to 1, not {Shorten(value)}");
    }

    private static string PromptId(JsonElement row, Passage prompt) => Field(row, "prompt_id") switch
    {
        null => $"p-{Digest.Of(JsonSerializer.SerializeToUtf8Bytes(prompt)).Short}",
        { ValueKind: JsonValueKind.String } id => id.GetString()!,
        { ValueKind: JsonValueKind.Number } id => id.GetRawText(),
        { } other => throw new RowException(RowProblem.WrongType, $"\"prompt_id\" must be a text or a number, not {Shorten(other)}"),
    };

    private static PairProvenance ParseProvenance(JsonElement element)
    {
        try
        {
            return PairFile.ParseProvenance(element);
        }
        catch (JsonException e)
        {
            throw new RowException(RowProblem.WrongType, $"\"provenance\" is not a pair's: {e.Message}");
        }
    }

    private static void RequireSameKind(string oneName, Passage one, string otherName, Passage other)
    {
        if (one.Text is null != other.Text is null)
        {
            throw new RowException(
                RowProblem.WrongType,
                $"\"{oneName}\" and \"{otherName}\" must both be texts or both be lists of messages");
        }
    }

    private static JsonElement? Field(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Shorten(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 40 ? text : $"{text[..40]}…";
    }
}
