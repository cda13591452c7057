using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>
/// A SentencePiece vocabulary, before whose texts llama.cpp puts a space: at the beginning and behind a special token, and nowhere else.
/// </summary>
public sealed class SentencePieceTests : IClassFixture<TinyModelFile>, IDisposable
{
    private const int Bos = 1, End = 2, FirstByte = 3, Space = 259, A = 260, SpaceA = 261, B = 262;

    private const string Template =
        "{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
        + "{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}";

    private readonly LlamaTextTokenizer _tokenizer;

    public SentencePieceTests(TinyModelFile files) =>
        _tokenizer = LlamaTextTokenizer.Load(Write(files["sentencepiece.gguf"], addsSpace: true));

    public void Dispose() => _tokenizer.Dispose();

    [Fact]
    public void EncodePrompt_text_hasTheSpace() => Assert.Equal([Bos, SpaceA, B], _tokenizer.EncodePrompt(Passage.Of("ab")));

    [Fact]
    public void EncodePrompt_textBehindASpecialToken_hasTheSpace() =>
        Assert.Equal([Bos, SpaceA, End, Space, B], _tokenizer.EncodePrompt(Passage.Of("a</s>b")));

    [Theory]
    [InlineData("b", new[] { B, End })]
    [InlineData("ab", new[] { A, B, End })]
    [InlineData(" a", new[] { SpaceA, End })]
    [InlineData("  a", new[] { Space, SpaceA, End })]
    [InlineData("\n", new[] { FirstByte + '\n', End })]
    [InlineData("</s>", new[] { End })]
    [InlineData("", new[] { End })]
    public void EncodeCompletion_text_hasNoSpaceOfItsOwn(string text, int[] expected) =>
        Assert.Equal(expected, _tokenizer.EncodeCompletion(Passage.Of("a"), Passage.Of(text)));

    [Fact]
    public void EncodeCompletion_behindItsPrompt_isTheWholeTextsIds() => Assert.Equal(
        [.. _tokenizer.EncodePrompt(Passage.Of("a b a")), End],
        [.. _tokenizer.EncodePrompt(Passage.Of("a b")), .. _tokenizer.EncodeCompletion(Passage.Of("a b"), Passage.Of(" a"))]);

    [Theory]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("\u0001é")]
    [InlineData("a</s>b")]
    [InlineData("<s></s> b")]
    [InlineData("")]
    public void Decode_ofEncoded_isTheText(string text)
    {
        Assert.Equal(text.Replace("<s>", ""), _tokenizer.DecodePrompt(_tokenizer.EncodePrompt(Passage.Of(text))));
        Assert.Equal(
            text.Replace("<s>", ""),
            _tokenizer.DecodeCompletion(_tokenizer.EncodeCompletion(Passage.Of("a"), Passage.Of(text)))?.Replace("<s>", ""));
    }

    [Fact]
    public void EncodeCompletion_ofATurn_hasNoSpaceOfItsOwn()
    {
        var asked = Passage.Of(new ChatMessage("user", "a"));

        int[] Encode(string answer) => _tokenizer.EncodeCompletion(asked, Passage.Of(new ChatMessage("assistant", answer)));

        Assert.Equal([B, End], Encode("b"));
        Assert.Equal([B, .. "<s>".Select(c => FirstByte + c), End], Encode("b<s>"));
    }

    [Fact]
    public void EncodeConversation_asARewardModelReadsIt_hasTheSpaceBeforeItsBeginning()
    {
        using var files = new TinyModelFile();
        using var model = LlamaModel.LoadVocabulary(Write(files["conversation.gguf"], addsSpace: true));
        var asked = new ChatMessage("user", "a b");

        var ids = new LlamaChat(model, new LlamaText(model), null).EncodeConversation([asked]);

        Assert.Equal([Bos, .. ids], _tokenizer.EncodePrompt(Passage.Of(asked)));
    }

    [Fact]
    public void EncodePrompt_turnsThatSpellSpecialTokens_haveNoSpaceBetweenThemAndTheTemplate()
    {
        var plain = _tokenizer.EncodePrompt(Passage.Of(new ChatMessage("user", "a b")));
        var spelling = _tokenizer.EncodePrompt(Passage.Of(new ChatMessage("user", "a</s>b")));

        var said = Array.IndexOf(plain, SpaceA);
        Assert.Equal([SpaceA, Space, B], plain[said..(said + 3)]);
        Assert.Equal([.. plain[..said], SpaceA, .. "</s>".Select(c => FirstByte + c), B, .. plain[(said + 3)..]], spelling);
        Assert.Null(_tokenizer.DecodePrompt(spelling));
    }

    [Theory]
    [InlineData("{{ m | trim }}", "  </s> ")]
    [InlineData("{{ m | lower }}", "</S>")]
    [InlineData("{{ m.replace('#', '/') }}", "<#s>")]
    [InlineData("{{ '<' ~ m }}", "/s>")]
    public void Encode_whateverTheTemplateMakesOfWhatSomebodySays_staysText(string shown, string said)
    {
        using var files = new TinyModelFile();
        using var tokenizer = LlamaTextTokenizer.Load(Write(
            files["transforming.gguf"], addsSpace: true, $"{{{{ bos_token }}}}{{% set m = messages[0].content %}}a</s>{shown}</s>b<s>"));

        Assert.Equal(
            [Bos, SpaceA, End, Space, .. "</s>".Select(c => FirstByte + c), End, Space, B, Bos],
            tokenizer.EncodePrompt(Passage.Of(new ChatMessage("user", said))));
    }

    [Fact]
    public void Encode_vocabularyThatAddsNoSpace_isLeftAlone()
    {
        using var files = new TinyModelFile();
        using var tokenizer = LlamaTextTokenizer.Load(Write(files["plain.gguf"], addsSpace: false));

        Assert.Equal([Bos, A, B], tokenizer.EncodePrompt(Passage.Of("ab")));
        Assert.Equal([SpaceA, End], tokenizer.EncodeCompletion(Passage.Of("ab"), Passage.Of(" a")));
        Assert.Equal(" a", tokenizer.DecodePrompt(tokenizer.EncodePrompt(Passage.Of(" a"))));
    }

    private static string Write(string path, bool addsSpace, string template = Template)
    {
        const int normal = 1, unknown = 2, control = 3, bytes = 6;
        string[] words = ["\u2581", "a", "\u2581a", "b", "unused"];
        TinyModel.WriteChanged(path, metadata =>
        {
            metadata.Remove("tokenizer.ggml.merges");
            metadata.Remove("tokenizer.ggml.pre");
            metadata["tokenizer.ggml.model"] = "llama";
            metadata["tokenizer.ggml.tokens"] =
                new[] { "<unk>", "<s>", "</s>" }.Concat(Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")).Concat(words).ToArray();
            metadata["tokenizer.ggml.scores"] = new float[264];
            metadata["tokenizer.ggml.token_type"] = new[] { unknown, control, control }
                .Concat(Enumerable.Repeat(bytes, 256))
                .Concat(Enumerable.Repeat(normal, words.Length))
                .ToArray();
            metadata["tokenizer.ggml.bos_token_id"] = (uint)Bos;
            metadata["tokenizer.ggml.eos_token_id"] = (uint)End;
            metadata["tokenizer.ggml.padding_token_id"] = 0u;
            metadata["tokenizer.ggml.add_space_prefix"] = addsSpace;
            metadata["tokenizer.chat_template"] = template;
        });
        return path;
    }
}
