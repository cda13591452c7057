using System.Text.Json;
using IterativeDpo.Generation.Jinja;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// A conversation as a template sees it: its messages and tools, with who says what. What is said by each is told apart, so that what a
/// template leaves out is known.
/// </summary>
internal sealed class ChatValues
{
    private readonly List<(int Turn, char Source, string Left)> _said = [];
    private int _sources;

    /// <param name="tools">A list of JSON, or null.</param>
    public ChatValues(IReadOnlyList<ChatMessage> turns, JsonText? tools)
    {
        Tools = tools is null ? null : List(tools, ToolOf);
        Messages = new([.. turns.Select(MessageOf)]);
    }

    public JinjaList Messages { get; }

    /// <summary>Null where there are none.</summary>
    public JinjaList? Tools { get; }

    /// <summary>Keys of tools and calls, which templates take for their own.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>The first that was said and is not there, as the end of a sentence; null where all is.</summary>
    /// <param name="from">The first of the turns that must be there; what comes before may be left out. Tools must be there.</param>
    public string? LeftOut(JinjaText rendered, int from)
    {
        foreach (var (turn, source, left) in _said)
        {
            if ((turn < 0 || turn >= from) && rendered.Sources?.Contains(source, StringComparison.Ordinal) != true)
            {
                return left;
            }
        }
        return null;
    }

    private JinjaDict MessageOf(ChatMessage message, int turn)
    {
        var content = message.Content is { } text
            ? JinjaText.Said(text, Source(turn, text, $"what the role '{message.Role}' says"))
            : null;
        var dict = new JinjaDict([("role", new JinjaText(message.Role)), ("content", content)]);
        if (message.ToolCalls is { } calls)
        {
            dict.TrySet(new JinjaText("tool_calls"), List(calls, call => CallOf(call, turn)));
        }
        foreach (var (key, value) in new[] { ("tool_call_id", message.ToolCallId), ("name", message.Name) })
        {
            if (value is not null)
            {
                dict.TrySet(new JinjaText(key), JinjaText.Said(value, Source()));
            }
        }
        return dict;
    }

    private object? ToolOf(JsonElement tool)
    {
        var name = tool.ValueKind == JsonValueKind.Object
            && ToolFields.FunctionOf(tool) is { ValueKind: JsonValueKind.Object } function
            && function.TryGetProperty("name", out var given)
            && given.ValueKind == JsonValueKind.String
                ? $"the tool '{given.GetString()}'"
                : "a tool";
        return Read(tool, HasText(tool) ? Source(-1, "said", name) : Source());
    }

    /// <summary>Its name and its arguments are told apart: a template may show one and not the other.</summary>
    private object? CallOf(JsonElement call, int turn)
    {
        var name = ToolFields.FunctionOf(call).GetProperty("name").GetString()!;
        var nameSource = Source(turn, name, $"the call of '{name}'");
        var arguments = ToolFields.FunctionOf(call).GetProperty("arguments");
        var argumentsSource = HasText(arguments) ? Source(turn, "said", $"the arguments of the call of '{name}'") : Source();
        return Read(call, nameSource, member => member == "arguments" ? argumentsSource : null);
    }

    private static JinjaList List(JsonText json, Func<JsonElement, object?> read)
    {
        using var document = JsonDocument.Parse(json.Text);
        return new([.. document.RootElement.EnumerateArray().Select(read)]);
    }

    private object? Read(JsonElement value, char source, Func<string, char?>? sourceOf = null)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return JinjaText.Said(value.GetString()!, source);
            case JsonValueKind.Array:
                return new JinjaList([.. value.EnumerateArray().Select(item => Read(item, source, sourceOf))]);
            case JsonValueKind.Object:
                var dict = new JinjaDict();
                foreach (var member in value.EnumerateObject())
                {
                    Keys.Add(member.Name);
                    var own = sourceOf?.Invoke(member.Name);
                    dict.TrySet(new JinjaText(member.Name), Read(member.Value, own ?? source, own is null ? sourceOf : null));
                }
                return dict;
            default:
                return JinjaJson.Read(value);
        }
    }

    private static bool HasText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => !string.IsNullOrWhiteSpace(value.GetString()),
        JsonValueKind.Array => value.EnumerateArray().Any(HasText),
        JsonValueKind.Object => value.EnumerateObject().Any(member => HasText(member.Value)),
        _ => false,
    };

    /// <summary>Whoever says blanks alone may be left out.</summary>
    private char Source(int turn, string text, string left)
    {
        var source = Source();
        if (!string.IsNullOrWhiteSpace(text))
        {
            _said.Add((turn, source, left));
        }
        return source;
    }

    /// <summary>More than there are characters for share one.</summary>
    private char Source() => (char)Math.Min(++_sources, char.MaxValue);
}
