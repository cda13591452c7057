using System.Globalization;
using System.Text.Json;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation.Jinja;

namespace IterativeDpo.Generation;

/// <summary>What a model's chat template is given besides the conversation.</summary>
/// <param name="Name">Of one of several templates that the model's file has; null is the unnamed one, or with tools the one for
/// them.</param>
/// <param name="Kwargs">A JSON object.</param>
/// <param name="Time">As it is written.</param>
/// <param name="Began">When the campaign began, where its template asks for the time and none is set.</param>
public sealed record ChatTemplateOptions(
    [Setting(
        "Which of the model's chat templates shows conversations, by its name, where the file has several (tokenizer.chat_template.NAME). Empty: the default, or tool_use where there "
        + "is one and the row or kwargs has tools.", Off = "")]
    string? Name = null,
    [Setting(
        "Variables for the chat template as a JSON object, by the names that the template knows, as chat_template_kwargs of transformers: enable_thinking, tools, documents and others. "
        + "Empty: none.", Off = "")]
    string? Kwargs = null,
    [Setting(
        "What a chat template that asks for the time (strftime_now) gets: a date, or a date and a time, such as 2026-03-07 or 2026-03-07T15:04. Empty: when the campaign began.",
        Off = "")]
    string? Time = null,
    DateTimeOffset? Began = null) : ICheckedSettings
{
    private static readonly string[] s_given = ["messages", "add_generation_prompt"];

    /// <summary>What somebody chose; null where that is nothing.</summary>
    public ChatTemplateOptions? WithoutBegan() =>
        this with { Began = null } is var chosen && chosen == new ChatTemplateOptions() ? null : chosen;

    /// <summary>The time for the template; null where it is not known.</summary>
    internal DateTimeOffset? TimeOfDay => ParseTime(Time) ?? Began;

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (Time is not null && ParseTime(Time) is null)
        {
            yield return new("time", Time, "it must be a date, or a date and a time, such as 2026-03-07 or 2026-03-07T15:04");
        }
        if (Kwargs is not null && FaultOf(Kwargs) is { } fault)
        {
            yield return new("kwargs", Kwargs, fault);
        }
    }

    /// <summary>The variables as templates see them.</summary>
    /// <exception cref="JsonException">They are no JSON, a name comes twice, or a number is too large.</exception>
    /// <exception cref="InvalidOperationException">They are no object.</exception>
    internal static IReadOnlyList<KeyValuePair<string, object?>> ReadKwargs(string? kwargs)
    {
        if (kwargs is null)
        {
            return [];
        }
        using var json = JsonDocument.Parse(kwargs, new JsonDocumentOptions { AllowDuplicateProperties = false });
        return [.. json.RootElement.EnumerateObject().Select(item => KeyValuePair.Create(item.Name, JinjaJson.Read(item.Value)))];
    }

    /// <summary>The tools among them, where they are a list that is not empty; null otherwise.</summary>
    internal static JsonText? ReadTools(string? kwargs)
    {
        if (kwargs is null)
        {
            return null;
        }
        using var json = JsonDocument.Parse(kwargs);
        var isThere = json.RootElement.TryGetProperty("tools", out var tools) && tools.ValueKind == JsonValueKind.Array;
        return isThere && tools.GetArrayLength() > 0 ? JsonText.Of(tools) : null;
    }

    private static DateTimeOffset? ParseTime(string? text) => DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out var time) ? time : null;

    private static string? FaultOf(string kwargs)
    {
        const string rule = "it must be a JSON object, such as {\"enable_thinking\": false}";
        try
        {
            return ReadKwargs(kwargs).FirstOrDefault(item => s_given.Contains(item.Key)).Key is { } given
                ? $"{given} is given by the program"
                : null;
        }
        catch (JsonException e)
        {
            return $"{rule}: {e.Message}";
        }
        // It is JSON, and no object.
        catch (InvalidOperationException)
        {
            return rule;
        }
    }
}
