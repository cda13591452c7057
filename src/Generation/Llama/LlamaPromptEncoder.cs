using System.Runtime.InteropServices;
using System.Text;
using IterativeDpo.Artifacts;
using LLama;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// A prompt's token ids: chat messages through the model's own template, special tokens once. Text that a user wrote never becomes a
/// special token, whatever it spells.
/// </summary>
internal sealed class LlamaPromptEncoder(LLamaWeights weights, string modelPath)
{
    /// <exception cref="UserInputException">The model has no chat template that llama.cpp knows, or the prompt is empty.</exception>
    public int[] Encode(Prompt prompt)
    {
        var ids = prompt.Messages is { } messages ? EncodeChat(prompt.Id, messages) : Tokenize(prompt.Text ?? "", special: false);
        if (weights.Vocab is { ShouldAddBOS: true, BOS: { } bos })
        {
            var start = 0;
            while (start < ids.Length && ids[start] == (int)bos)
            {
                start++;
            }
            ids = [(int)bos, .. ids[start..]];
        }
        return ids.Length > 0 ? ids : throw new UserInputException($"prompt '{prompt.Id}' is empty: give it a text or messages");
    }

    private int[] EncodeChat(string promptId, IReadOnlyList<ChatMessage> messages)
    {
        var plain = messages.All(m => Tokenize(m.Content, special: true).AsSpan().SequenceEqual(Tokenize(m.Content, special: false)));
        if (plain)
        {
            return Tokenize(Render(messages), special: true);
        }
        // Somebody spelled a special token: the template and the contents are tokenised apart.
        var marks = messages.Select((_, i) => $"\uE000{i}\uE001").ToArray();
        var rest = Render([.. messages.Select((m, i) => m with { Content = marks[i] })]);
        var ids = new List<int>();
        for (var i = 0; i < marks.Length; i++)
        {
            var at = rest.IndexOf(marks[i], StringComparison.Ordinal);
            if (at < 0)
            {
                throw new UserInputException(
                    $"prompt '{promptId}': message {i + 1} spells a special token of the model, and its chat template leaves no way to tell the two apart; change that text");
            }
            ids.AddRange(Tokenize(rest[..at], special: true));
            ids.AddRange(Tokenize(messages[i].Content, special: false));
            rest = rest[(at + marks[i].Length)..];
        }
        return [.. ids, .. Tokenize(rest, special: true)];
    }

    private string Render(IReadOnlyList<ChatMessage> messages)
    {
        try
        {
            var template = new LLamaTemplate(weights) { AddAssistant = true };
            foreach (var message in messages)
            {
                template.Add(message.Role, message.Content);
            }
            return Encoding.UTF8.GetString(template.Apply());
        }
        catch (RuntimeError e) when (e is TemplateNotFoundException or MissingTemplateException)
        {
            var problem = e is TemplateNotFoundException ? "has no chat template (tokenizer.chat_template)" : "has a chat template that llama.cpp does not know";
            throw new UserInputException($"{modelPath} {problem}: use prompts with \"text\", or a model with a template", e);
        }
    }

    private int[] Tokenize(string text, bool special)
    {
        // BOS is added above: asked for here, llama.cpp would add the model's EOS as well.
        var tokens = weights.NativeHandle.Tokenize(text, addBos: false, special, Encoding.UTF8);
        return MemoryMarshal.Cast<LLamaToken, int>(tokens).ToArray();
    }
}
