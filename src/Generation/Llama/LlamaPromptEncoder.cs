using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// A prompt's token ids: chat messages through the model's own template, special tokens once. What a message says never becomes a
/// special token; a text is what the model reads, so those that it spells do (docs/decisions/015).
/// </summary>
internal sealed class LlamaPromptEncoder
{
    private readonly LlamaText _text;
    private readonly LlamaChat _chat;

    public LlamaPromptEncoder(LlamaModel model, ChatTemplateOptions? chatTemplate)
    {
        _text = new LlamaText(model);
        _chat = new LlamaChat(model, _text, chatTemplate);
    }

    /// <exception cref="UserInputException">The model has no chat template that can be read or that fits, or the prompt is
    /// empty.</exception>
    public int[] Encode(Prompt prompt)
    {
        var ids = Named(
            prompt,
            () =>
                _text.WithBos(
                    prompt.Messages is { } messages
                        ? _chat.EncodePrompt(messages, prompt.Tools)
                        : _text.Tokenize(prompt.Text ?? "", special: true)));
        return ids.Length > 0 ? ids : throw new UserInputException($"prompt '{prompt.Id}' is empty: give it a text or messages");
    }

    /// <summary>The ids of its row's own answer, as a completion in data has them.</summary>
    /// <exception cref="UserInputException">As above.</exception>
    public int[] EncodeAnswer(Prompt prompt) => Named(prompt, () => _text.WithEnd(prompt.Messages is { } messages
        ? _chat.EncodeCompletion(messages, [new("assistant", prompt.Answer!)], prompt.Tools)
        : _text.Tokenize(prompt.Answer!, special: true, goesOn: true)));

    private static int[] Named(Prompt prompt, Func<int[]> encode)
    {
        try
        {
            return encode();
        }
        catch (ConversationException e)
        {
            throw new UserInputException($"prompt '{prompt.Id}': {e.Message}", e);
        }
    }
}
