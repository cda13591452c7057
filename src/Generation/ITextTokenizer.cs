using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>
/// Turns texts into a model's token ids, a prompt and its completions apart: a sequence is the two joined. Any thread may use it.
/// </summary>
/// <remarks>
/// A text is what the model reads, so a special token that it spells is that token, as in TRL. What a turn of a conversation says is a
/// person's, and never becomes a special token (docs/decisions/015).
/// </remarks>
public interface ITextTokenizer : IDisposable
{
    /// <summary>
    /// Of everything that ids depend on: the model file's vocabulary, merges and chat template, and what the template is given.
    /// </summary>
    Digest Digest { get; }

    int VocabSize { get; }

    /// <summary>A prompt's ids with BOS once; turns go through the chat template once, which then opens the assistant's turn.</summary>
    /// <exception cref="ConversationException">The template cannot show these turns.</exception>
    int[] EncodePrompt(Passage prompt);

    /// <summary>
    /// A completion's ids with the end token once, and without the space that some tokenizers put before a text: a text's, or what the chat
    /// template adds to the prompt for these turns. What a template puts behind the last end token is left out, because a sampler stops
    /// there.
    /// </summary>
    /// <exception cref="ConversationException">The template cannot show these turns.</exception>
    int[] EncodeCompletion(Passage prompt, Passage completion);

    /// <summary>
    /// For each text the tokens that an answer of this text begins with: its own first one, and that of a space before it.
    /// </summary>
    /// <exception cref="UserInputException">Two texts begin with the same token.</exception>
    IReadOnlyList<int[]> FirstTokens(IReadOnlyList<string> texts);

    /// <summary>
    /// The text of a prompt's ids, special tokens spelled. What encoding puts there is left out: BOS at the beginning, an end token at the
    /// end, and the space that some tokenizers put before a text. Null where no text stands for the ids: their bytes are none, or spell a
    /// special token without being it.
    /// </summary>
    string? DecodePrompt(ReadOnlySpan<int> ids);

    /// <summary>The text of a completion's ids, as above; a space that it begins with is its own.</summary>
    string? DecodeCompletion(ReadOnlySpan<int> ids);
}

/// <summary>A model's chat template cannot show a conversation: says why.</summary>
public sealed class ConversationException(string message) : Exception(message);
