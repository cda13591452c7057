using System.Text;

namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// A byte-level vocabulary of 264 tokens: id b is the byte b, then special tokens. It is stored as a GPT-2 vocabulary without merges,
/// so llama.cpp tokenises text to the ids that <see cref="Encode"/> gives.
/// </summary>
public static class ByteVocabulary
{
    public const int Size = 264;
    public const int Bos = 256;
    public const int User = 257;
    public const int Assistant = 258;
    public const int End = 259;
    public const int Pad = 260;
    public const int System = 261;

    private const string ChatTemplate =
        "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

    private const int Normal = 1, Control = 3, Unused = 5;

    private static readonly string[] Specials =
        ["<bos>", "<|user|>", "<|assistant|>", "<|end|>", "<pad>", "<|system|>", "<reserved_0>", "<reserved_1>"];

    /// <summary>The ids of a text: its UTF-8 bytes, and special tokens where the text spells them.</summary>
    public static int[] Encode(string text)
    {
        var ids = new List<int>(text.Length);
        var plain = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '<' || SpecialAt(text.AsSpan(i)) is not { } id) continue;
            AddBytes(ids, text.AsSpan(plain, i - plain));
            ids.Add(id);
            plain = i + Specials[id - 256].Length;
            i = plain - 1;
        }
        AddBytes(ids, text.AsSpan(plain));
        return [.. ids];
    }

    /// <summary>
    /// BOS, the question as the user's turn, and the assistant's turn opened: a chat prompt's ids as llama.cpp gives them.
    /// </summary>
    public static int[] EncodeQuestion(string question) => [Bos, .. Encode($"<|user|>\n{question}<|end|>\n<|assistant|>\n")];

    /// <summary>The text of the ids; special tokens have none.</summary>
    public static string Decode(IEnumerable<int> ids) =>
        Encoding.UTF8.GetString([.. ids.Where(id => id is >= 0 and < 256).Select(id => (byte)id)]);

    /// <summary>The tokenizer's metadata for a model file.</summary>
    public static IReadOnlyList<KeyValuePair<string, object>> Metadata() =>
    [
        new("tokenizer.ggml.model", "gpt2"),
        new("tokenizer.ggml.pre", "gpt-2"),
        new("tokenizer.ggml.tokens", ByteTokens().Concat(Specials).ToArray()),
        new("tokenizer.ggml.token_type", Enumerable.Range(0, Size).Select(TypeOf).ToArray()),
        new("tokenizer.ggml.merges", Array.Empty<string>()),
        new("tokenizer.ggml.bos_token_id", (uint)Bos),
        new("tokenizer.ggml.eos_token_id", (uint)End),
        new("tokenizer.ggml.padding_token_id", (uint)Pad),
        new("tokenizer.ggml.add_bos_token", true),
        new("tokenizer.ggml.add_eos_token", false),
        new("tokenizer.chat_template", ChatTemplate),
    ];

    private static int? SpecialAt(ReadOnlySpan<char> text)
    {
        for (var i = 0; i <= System - Bos; i++)
        {
            if (text.StartsWith(Specials[i])) return Bos + i;
        }
        return null;
    }

    private static void AddBytes(List<int> ids, ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        foreach (var b in bytes) ids.Add(b);
    }

    private static int TypeOf(int id) => id < Bos ? Normal : id <= System ? Control : Unused;

    /// <summary>
    /// GPT-2's printable characters for bytes: Latin-1's printable characters are themselves, the others follow from U+0100 on.
    /// </summary>
    private static IEnumerable<string> ByteTokens()
    {
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            yield return ((char)(printable ? b : next++)).ToString();
        }
    }
}
