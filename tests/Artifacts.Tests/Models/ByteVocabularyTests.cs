using System.Text;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class ByteVocabularyTests
{
    [Theory]
    [InlineData("Add 12 and 7.\n")]
    [InlineData("é 你好 🙂 \0 \t")]
    [InlineData("<|use|> < <| <bos")]
    [InlineData("<reserved_0>")]
    [InlineData("")]
    public void Encode_of_plain_text_is_its_bytes(string text) =>
        Assert.Equal(Encoding.UTF8.GetBytes(text).Select(b => (int)b), ByteVocabulary.Encode(text));

    [Fact]
    public void Encode_takes_special_tokens_whole() =>
        Assert.Equal([256, 257, 'a', 259, 258, '<', 260, 261], ByteVocabulary.Encode("<bos><|user|>a<|end|><|assistant|><<pad><|system|>"));

    [Fact]
    public void EncodeQuestion_opens_the_assistants_turn() =>
        Assert.Equal([256, 257, '\n', 'H', 'i', 259, '\n', 258, '\n'], ByteVocabulary.EncodeQuestion("Hi"));

    [Theory]
    [InlineData("plain")]
    [InlineData("é 你好 🙂")]
    public void Decode_gives_the_text_back(string text) => Assert.Equal(text, ByteVocabulary.Decode(ByteVocabulary.Encode(text)));

    [Fact]
    public void Decode_gives_special_and_unknown_ids_no_text() =>
        Assert.Equal("ab", ByteVocabulary.Decode([256, 'a', 263, -1, 500, 'b', 259]));

    [Fact]
    public void Metadata_has_a_distinct_token_for_every_id_in_GPT2_form()
    {
        var tokens = Get<string[]>("tokenizer.ggml.tokens");

        Assert.Equal(ByteVocabulary.Size, tokens.Distinct().Count());
        // From GPT-2's published vocabulary: newline, space, delete, no-break space, soft hyphen.
        Assert.Equal(["Ċ", "Ġ", "A", "ġ", "ł", "Ń", "ÿ"], new[] { 10, 32, 65, 127, 160, 173, 255 }.Select(id => tokens[id]));
        Assert.Equal("<|end|>", tokens[ByteVocabulary.End]);
    }

    [Fact]
    public void Metadata_types_bytes_as_normal_and_specials_as_control()
    {
        var types = Get<int[]>("tokenizer.ggml.token_type");

        Assert.Equal([.. Enumerable.Repeat(1, 256), 3, 3, 3, 3, 3, 3, 5, 5], types);
    }

    [Fact]
    public void Metadata_template_has_the_markers_llama_cpp_looks_for()
    {
        var template = Get<string>("tokenizer.chat_template");

        Assert.Contains("<|assistant|>", template);
        Assert.Contains("<|end|>", template);
        Assert.DoesNotContain("<|im_start|>", template);
    }

    private static T Get<T>(string key) => (T)ByteVocabulary.Metadata().Single(entry => entry.Key == key).Value;
}
