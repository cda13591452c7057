using System.Text;
using IterativeDpo.Artifacts;
using LLama;
using LLama.Exceptions;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// Conversations through the model's own chat template. What a turn says never becomes a special token, whatever it spells.
/// </summary>
internal sealed class LlamaChat
{
    private readonly LlamaModel _model;
    private readonly LlamaText _text;
    private readonly ChatFormat? _format;

    public LlamaChat(LlamaModel model, LlamaText text)
    {
        (_model, _text) = (model, text);
        // Without a template there is nothing to compare with: rendering says so.
        _format = model.Weights.Metadata.TryGetValue("tokenizer.chat_template", out var template) ? new(template, text.Bos, text.End, Render) : null;
    }

    /// <summary>The ids of a conversation with the assistant's turn opened behind it.</summary>
    /// <exception cref="ConversationException">
    /// The template would not be shown as it is written, or a turn spells a special token, and the template does not show the turn as it is.
    /// </exception>
    public int[] EncodePrompt(IReadOnlyList<ChatMessage> turns) => Encode([], turns, openAssistant: true);

    /// <summary>The ids of a whole conversation, as the template shows it.</summary>
    /// <exception cref="ConversationException">
    /// The template would not be shown as it is written, or a turn spells a special token, and the template does not show the turn as it is.
    /// </exception>
    public int[] EncodeConversation(IReadOnlyList<ChatMessage> turns) => Encode([], turns, openAssistant: false);

    /// <summary>The ids of what the template adds for these turns to a prompt whose assistant's turn it has opened.</summary>
    /// <exception cref="ConversationException">As above; or the template shows the prompt differently with them.</exception>
    public int[] EncodeCompletion(IReadOnlyList<ChatMessage> prompt, IReadOnlyList<ChatMessage> completion) =>
        Encode(prompt, completion, openAssistant: false);

    private int[] Encode(IReadOnlyList<ChatMessage> before, IReadOnlyList<ChatMessage> turns, bool openAssistant)
    {
        _format?.Check([.. before, .. turns], openAssistant);
        if (turns.All(turn => _text.IsPlain(turn.Content)))
        {
            var rendered = RenderBehind(before, turns, openAssistant);
            CheckWhole(turns, rendered);
            return _text.Tokenize(rendered, special: true, goesOn: !openAssistant);
        }
        // Somebody spelled a special token: the template and the contents are tokenised apart.
        var marks = turns.Select((_, i) => $"\uE000{i}\uE001").ToArray();
        var rest = RenderBehind(before, [.. turns.Select((turn, i) => turn with { Content = marks[i] })], openAssistant);
        var ids = new List<int>();
        void Add(string part, bool special) =>
            ids.AddRange(_text.Tokenize(part, special, goesOn: ids.Count == 0 ? !openAssistant : !_text.IsSpecial(ids[^1])));
        for (var i = 0; i < marks.Length; i++)
        {
            var at = rest.IndexOf(marks[i], StringComparison.Ordinal);
            if (at < 0)
            {
                throw new ConversationException(
                    $"message {i + 1} spells a special token of the model, and its chat template leaves no way to tell the two apart; change that text");
            }
            Add(rest[..at], special: true);
            Add(turns[i].Content, special: false);
            rest = rest[(at + marks[i].Length)..];
        }
        Add(rest, special: true);
        return [.. ids];
    }

    /// <summary>Some templates drop a role they do not know, and llama.cpp stops at a null character.</summary>
    private static void CheckWhole(IReadOnlyList<ChatMessage> turns, string rendered)
    {
        if (turns.FirstOrDefault(turn => !rendered.Contains(turn.Content.Trim(), StringComparison.Ordinal)) is { } lost)
        {
            throw new ConversationException($"the model's chat template leaves out what the role '{lost.Role}' says");
        }
    }

    private string RenderBehind(IReadOnlyList<ChatMessage> before, IReadOnlyList<ChatMessage> turns, bool openAssistant)
    {
        var whole = Render([.. before, .. turns], openAssistant);
        if (before.Count == 0)
        {
            return whole;
        }
        var prompt = Render(before, openAssistant: true);
        return whole.StartsWith(prompt, StringComparison.Ordinal)
            ? whole[prompt.Length..]
            : throw new ConversationException("the model's chat template shows the prompt differently with a completion than without");
    }

    private string Render(IReadOnlyList<ChatMessage> turns, bool openAssistant)
    {
        try
        {
            var template = new LLamaTemplate(_model.Weights) { AddAssistant = openAssistant };
            foreach (var turn in turns)
            {
                template.Add(turn.Role, turn.Content);
            }
            return Encoding.UTF8.GetString(template.Apply());
        }
        catch (RuntimeError e) when (e is TemplateNotFoundException or MissingTemplateException)
        {
            var problem = e is TemplateNotFoundException ? "has no chat template (tokenizer.chat_template)" : "has a chat template that llama.cpp does not know";
            throw new UserInputException($"{_model.Path} {problem}: give \"prompt\" as a text that was put through the template (docs/prompts.md), or take a model with a template", e);
        }
    }
}
