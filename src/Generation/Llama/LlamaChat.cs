using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Jinja;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// Conversations through the model's own chat template, as transformers renders it (docs/decisions/022). What a turn says never becomes a
/// special token, whatever it spells and whatever the template makes of it. Any thread may encode.
/// </summary>
internal sealed class LlamaChat(LlamaModel model, LlamaText text, ChatTemplateOptions? options)
{
    private readonly Lazy<JinjaTemplate> _template = new(() => Parse(model, options, hasTools: false));
    private readonly Lazy<JinjaTemplate> _toolTemplate = new(() => Parse(model, options, hasTools: true));
    private readonly Lazy<KeyValuePair<string, object?>[]> _variables = new(() => VariablesOf(model, text, options));
    private readonly Lazy<JsonText?> _tools = new(() => ChatTemplateOptions.ReadTools(options?.Kwargs));

    /// <summary>The ids of a conversation with the assistant's turn opened behind it.</summary>
    /// <param name="tools">Those that its row offers; null where it says nothing, and those of the settings are taken.</param>
    /// <exception cref="ConversationException">The template refuses it, or leaves a turn, a call or a tool out.</exception>
    /// <exception cref="UserInputException">There is no template, or none that can be read.</exception>
    public int[] EncodePrompt(IReadOnlyList<ChatMessage> turns, JsonText? tools = null) =>
        Tokenize(RenderWhole(turns, tools, 0, openAssistant: true), goesOn: false);

    /// <summary>The ids of a whole conversation, as the template shows it.</summary>
    /// <exception cref="ConversationException">As above.</exception>
    /// <exception cref="UserInputException">As above.</exception>
    public int[] EncodeConversation(IReadOnlyList<ChatMessage> turns, JsonText? tools = null) =>
        Tokenize(RenderWhole(turns, tools, 0, openAssistant: false), goesOn: false);

    /// <summary>The ids of what the template adds for these turns to a prompt whose assistant's turn it has opened.</summary>
    /// <exception cref="ConversationException">As above; or the template shows the prompt differently with them.</exception>
    /// <exception cref="UserInputException">As above.</exception>
    public int[] EncodeCompletion(IReadOnlyList<ChatMessage> prompt, IReadOnlyList<ChatMessage> completion, JsonText? tools = null)
    {
        var whole = RenderWhole([.. prompt, .. completion], tools, prompt.Count, openAssistant: false);
        var before = prompt.Count == 0 ? "" : Render(new ChatValues(prompt, tools ?? _tools.Value), openAssistant: true).Value;
        if (!whole.Value.StartsWith(before, StringComparison.Ordinal))
        {
            var same = before.AsSpan().CommonPrefixLength(whole.Value);
            throw new ConversationException("the model's chat template shows the prompt differently with a completion than without: "
                + $"{Quote(before[same..])} is before the answer, and with the answer {Quote(whole.Value[same..])} is there. "
                + "Give texts that were put through the template (docs/prompts.md), or set chat-template.kwargs so that both are the same");
        }
        return Tokenize(whole.Part(before.Length, whole.Value.Length), goesOn: true);
    }

    private static string Quote(string text) =>
        JsonSerializer.Serialize(text.Length <= 40 ? text : $"{text[..40]}…", Artifacts.Lines.JsonLines.Options);

    /// <param name="from">The first of the turns that must not be left out.</param>
    private JinjaText RenderWhole(IReadOnlyList<ChatMessage> turns, JsonText? tools, int from, bool openAssistant)
    {
        if (turns.Any(turn => turn.Content?.Contains('\0', StringComparison.Ordinal) == true))
        {
            throw new ConversationException("a message has a NUL, which no text has: take it out");
        }
        var values = new ChatValues(turns, tools ?? _tools.Value);
        if (values.Keys.Find(key => text.SpecialsOf(key, (_, _) => true).Any()) is { } spelled)
        {
            throw new ConversationException($"the key \"{spelled}\" of a tool or a call spells a special token, and would become one");
        }
        var rendered = Render(values, openAssistant);
        return values.LeftOut(rendered, from) is { } left
            ? throw new ConversationException($"the model's chat template leaves out {left}")
            : rendered;
    }

    private JinjaText Render(ChatValues values, bool openAssistant)
    {
        KeyValuePair<string, object?>[] tools = values.Tools is { } given ? [KeyValuePair.Create("tools", (object?)given)] : [];
        try
        {
            return (values.Tools is null ? _template : _toolTemplate).Value.Render(
                [
                    .. _variables.Value,
                    KeyValuePair.Create("messages", (object?)values.Messages),
                    KeyValuePair.Create("add_generation_prompt", (object?)openAssistant),
                    .. tools,
                ],
                options?.TimeOfDay);
        }
        catch (JinjaException e)
        {
            throw new ConversationException(e.Raised is { } said
                ? $"the model's chat template refuses the conversation: {said}"
                : $"the model's chat template cannot show the conversation: {e.Message}");
        }
    }

    /// <summary>
    /// What of it becomes a special token is the template's alone. Where somebody spelled one, only the template's are cut out as such, and
    /// what is between them is text.
    /// </summary>
    private int[] Tokenize(JinjaText rendered, bool goesOn)
    {
        if (!SpellsSaid(rendered))
        {
            return text.Tokenize(rendered.Value, special: true, goesOn);
        }
        var (ids, from) = (new List<int>(), 0);
        foreach (var (at, to) in text.SpecialsOf(rendered.Value, IsOwn))
        {
            Add(rendered.Value[from..at], special: false);
            Add(rendered.Value[at..to], special: true);
            from = to;
        }
        Add(rendered.Value[from..], special: false);
        return [.. ids];

        bool IsOwn(int at, int to) => !rendered.Sources.AsSpan(at, to - at).ContainsAnyExcept('\0');

        void Add(string part, bool special)
        {
            if (part.Length > 0)
            {
                ids.AddRange(text.Tokenize(part, special, ids.Count == 0 ? goesOn : !text.IsSpecial(ids[^1])));
            }
        }
    }

    /// <summary>Whether it has a special token that somebody said, or said a part of.</summary>
    private bool SpellsSaid(JinjaText rendered) => rendered.Sources is { } sources
        && text.SpecialsOf(rendered.Value, (at, to) => sources.AsSpan(at, to - at).ContainsAnyExcept('\0')).Any();

    private static JinjaTemplate Parse(LlamaModel model, ChatTemplateOptions? options, bool hasTools)
    {
        const string wayOut =
            "give \"prompt\" as a text that was put through the template (docs/prompts.md), or take a model with another template";
        var name = options?.Name ?? (hasTools && model.ChatTemplates.ContainsKey("tool_use") ? "tool_use" : "default");
        if (!model.ChatTemplates.TryGetValue(name, out var template))
        {
            throw new UserInputException(model.ChatTemplates.Count == 0
                ? $"{model.Path} has no chat template (tokenizer.chat_template): {wayOut.Replace("another", "one", StringComparison.Ordinal)}"
                : $"{model.Path} has no chat template '{name}', but {string.Join(", ", model.ChatTemplates.Keys)}; set chat-template.name");
        }
        try
        {
            return JinjaTemplate.Parse(template);
        }
        catch (JinjaException e)
        {
            throw new UserInputException(
                $"{model.Path}: its chat template{(name == "default" ? "" : $" '{name}'")} cannot be read: {e.Message}; {wayOut}",
                e);
        }
    }

    /// <summary>As transformers gives them: tools and documents are none where there are none, other names are undefined.</summary>
    private static KeyValuePair<string, object?>[] VariablesOf(LlamaModel model, LlamaText text, ChatTemplateOptions? options)
    {
        var variables = new Dictionary<string, object?> { ["tools"] = null, ["documents"] = null };
        foreach (var (name, token) in new[] { ("bos_token", text.Bos), ("eos_token", text.End) }.Concat(
                model.NamedTokens.Select(named => (named.Key, (string?)named.Value))))
        {
            if (token is not null)
            {
                variables[name] = new JinjaText(token);
            }
        }
        foreach (var (name, value) in ChatTemplateOptions.ReadKwargs(options?.Kwargs))
        {
            variables[name] = value;
        }
        return [.. variables];
    }
}
