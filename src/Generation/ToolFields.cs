using System.Text.Json;
using IterativeDpo.Artifacts.Rows;

namespace IterativeDpo.Generation;

/// <summary>
/// What rows and messages say of tools, in the form of transformers' chat templates: a row's <c>tools</c>, the assistant's
/// <c>tool_calls</c>, and turns of the role <c>tool</c> with what came of them.
/// </summary>
public static class ToolFields
{
    /// <summary>The tools that a row offers, a list or a text that is one as JSON; null where there are none.</summary>
    /// <exception cref="FormatException">They are no such list: says what is wrong.</exception>
    public static JsonText? ToolsOf(JsonElement row)
    {
        if (!LostFields.Has(row, "tools"))
        {
            return null;
        }
        var tools = row.GetProperty("tools");
        if (tools.ValueKind != JsonValueKind.String)
        {
            return Checked(tools);
        }
        using var document = ParseText("tools", tools.GetString()!);
        return LostFields.IsEmpty(document.RootElement) ? null : Checked(document.RootElement);

        static JsonText Checked(JsonElement tools)
        {
            Require(
                tools.ValueKind == JsonValueKind.Array && tools.EnumerateArray().All(tool => tool.ValueKind == JsonValueKind.Object),
                "\"tools\" must be a list of objects, each the JSON schema of a function, or such a list as a text");
            return WithoutNuls("tools", tools);
        }
    }

    /// <summary>A message with what it says of tools; its arguments are an object, also where they are given as a text of one.</summary>
    /// <param name="content">Null where it has none, which only a turn that calls tools may do.</param>
    /// <exception cref="FormatException">It calls tools in a form that templates do not know, or is not the turn to do so.</exception>
    public static ChatMessage MessageOf(JsonElement message, string role, string? content)
    {
        var hasCalls = LostFields.Has(message, "tool_calls");
        Require(!hasCalls || role == "assistant", $"a turn of the role \"{role}\" has \"tool_calls\", and only the assistant calls tools");
        var id = TextOf(message, "tool_call_id");
        Require(id is null || role == "tool", $"a turn of the role \"{role}\" has \"tool_call_id\", which belongs to the role \"tool\"");
        var calls = hasCalls ? CallsOf(message.GetProperty("tool_calls")) : null;
        return new(role, content, calls, id, role == "tool" ? TextOf(message, "name") : null);
    }

    /// <summary>Each call as a line of JSON with its name and arguments.</summary>
    internal static string Spell(JsonText calls)
    {
        using var document = JsonDocument.Parse(calls.Text);
        return string.Join('\n', document.RootElement.EnumerateArray().Select(call => JsonText.Written(to =>
        {
            to.WriteStartObject();
            foreach (var member in FunctionOf(call).EnumerateObject().Where(member => member.Name is "name" or "arguments"))
            {
                member.WriteTo(to);
            }
            to.WriteEndObject();
        }).Text));
    }

    /// <summary>What is called: templates know calls with and without <c>function</c> around it.</summary>
    internal static JsonElement FunctionOf(JsonElement call) => call.TryGetProperty("function", out var function) ? function : call;

    private static JsonText CallsOf(JsonElement calls)
    {
        Require(calls.ValueKind == JsonValueKind.Array, "\"tool_calls\" must be a list");
        foreach (var call in calls.EnumerateArray())
        {
            Require(
                call.ValueKind == JsonValueKind.Object
                && FunctionOf(call) is { ValueKind: JsonValueKind.Object } function
                && TextOf(function, "name") is not null
                && function.TryGetProperty("arguments", out var arguments)
                && arguments.ValueKind is JsonValueKind.Object or JsonValueKind.String,
                "a call in \"tool_calls\" must be {\"name\", \"arguments\"}, a text and an object, or the same within \"function\"");
        }
        _ = WithoutNuls("tool_calls", calls);
        return JsonText.Written(to =>
        {
            to.WriteStartArray();
            foreach (var call in calls.EnumerateArray())
            {
                WriteCall(to, call);
            }
            to.WriteEndArray();
        });
    }

    private static void WriteCall(Utf8JsonWriter to, JsonElement call)
    {
        to.WriteStartObject();
        foreach (var member in call.EnumerateObject())
        {
            to.WritePropertyName(member.Name);
            if (member.NameEquals("function"))
            {
                WriteCall(to, member.Value);
            }
            else if (member.NameEquals("arguments") && member.Value.ValueKind == JsonValueKind.String)
            {
                using var arguments = ParseText("arguments", member.Value.GetString()!);
                Require(arguments.RootElement.ValueKind == JsonValueKind.Object, "\"arguments\" is a text of JSON that is no object");
                WithoutNuls("arguments", arguments.RootElement);
                arguments.RootElement.WriteTo(to);
            }
            else
            {
                member.Value.WriteTo(to);
            }
        }
        to.WriteEndObject();
    }

    private static JsonDocument ParseText(string name, string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new FormatException($"\"{name}\" is a text that is not JSON: {e.Message}", e);
        }
    }

    private static JsonText WithoutNuls(string name, JsonElement value)
    {
        Require(!HasNul(value), $"\"{name}\" has a NUL, which no text has: take it out");
        return JsonText.Of(value);
    }

    private static bool HasNul(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Contains('\0', StringComparison.Ordinal),
        JsonValueKind.Array => value.EnumerateArray().Any(HasNul),
        JsonValueKind.Object => value
            .EnumerateObject()
            .Any(member => member.Name.Contains('\0', StringComparison.Ordinal) || HasNul(member.Value)),
        _ => false,
    };

    /// <summary>Null where it is absent or empty.</summary>
    private static string? TextOf(JsonElement element, string name)
    {
        if (!LostFields.Has(element, name))
        {
            return null;
        }
        var value = element.GetProperty(name);
        Require(value.ValueKind == JsonValueKind.String, $"\"{name}\" must be a text");
        var text = value.GetString()!;
        Require(!text.Contains('\0', StringComparison.Ordinal), $"\"{name}\" has a NUL, which no text has: take it out");
        return text;
    }

    private static void Require(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new FormatException(otherwise);
        }
    }
}
