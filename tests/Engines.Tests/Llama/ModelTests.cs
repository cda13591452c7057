using System.Text;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Engines.Tests.Llama;

public sealed class ModelTests(TinyLlama llama) : IClassFixture<TinyLlama>
{
    [Fact]
    public void LoadFromFile_missingFile_throwsFileNotFound() =>
        Assert.Throws<FileNotFoundException>(() => LLamaWeights.LoadFromFile(new ModelParams(llama["missing.gguf"])));

    [Fact]
    public void LoadFromFile_noGguf_throwsWithThePathInTheMessage()
    {
        File.WriteAllText(llama["text.gguf"], "no model");

        var error = Assert.Throws<LoadWeightsFailedException>(() => LLamaWeights.LoadFromFile(new ModelParams(llama["text.gguf"])));

        Assert.Contains(llama["text.gguf"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadFromFile_vocabOnly_hasTokensAndTemplate()
    {
        using var weights = LLamaWeights.LoadFromFile(llama.Parameters with { VocabOnly = true });

        Assert.Equal(ByteVocabulary.Size, weights.Vocab.Count);
        Assert.NotEqual(0, new LLamaTemplate(weights).Add("user", "a").Apply().Length);
        Assert.Equal([(LLamaToken)'a'], weights.NativeHandle.Tokenize("a", false, false, Encoding.UTF8));
    }

    [Fact]
    public void ModelParams_new_hasThePackagesDefaults()
    {
        var parameters = new ModelParams("x");

        Assert.Equal((20, null, 512u, 512u, 1u), (
            parameters.GpuLayerCount, parameters.ContextSize, parameters.BatchSize, parameters.UBatchSize, parameters.SeqMax));
        Assert.False(parameters.VocabOnly);
        Assert.Null(parameters.Threads);
        Assert.Null(parameters.FlashAttention);
        Assert.Null(parameters.KVUnified);
    }

    [Fact]
    public void Vocab_byteModel_tellsItsSpecialTokens()
    {
        var vocab = llama.Weights.Vocab;

        Assert.Equal(ByteVocabulary.Size, vocab.Count);
        Assert.Equal((LLamaToken)ByteVocabulary.Bos, vocab.BOS);
        Assert.Equal((LLamaToken)ByteVocabulary.End, vocab.EOS);
        Assert.True(vocab.ShouldAddBOS);
    }

    [Fact]
    public void IsEndOfGeneration_everyToken_holdsForTheEndTokenAlone()
    {
        var ends = Enumerable.Range(0, ByteVocabulary.Size).Where(id => ((LLamaToken)id).IsEndOfGeneration(llama.Weights.Vocab));

        Assert.Equal([ByteVocabulary.End], ends);
    }

    [Theory]
    [InlineData(false, true, new[] { 97, 259 })]
    [InlineData(true, true, new[] { 256, 97, 259 })]
    [InlineData(false, false, new[] { 97, 60, 124, 101, 110, 100, 124, 62 })]
    public void Tokenize_specialTokenInTheText_becomesOneOnlyIfAsked(bool addBos, bool special, int[] expected) =>
        Assert.Equal(expected, llama.Weights.NativeHandle.Tokenize("a<|end|>", addBos, special, Encoding.UTF8).Select(token => (int)token));

    [Fact]
    public void Tokenize_emptyText_givesNothing() => Assert.Empty(llama.Weights.NativeHandle.Tokenize("", false, true, Encoding.UTF8));

    [Fact]
    public void TokenToSpan_byteToken_writesTheByte()
    {
        var bytes = new byte[4];

        Assert.Equal(1u, llama.Weights.NativeHandle.TokenToSpan(0xC3, bytes));
        Assert.Equal(0xC3, bytes[0]);
    }

    [Fact]
    public void TokenToSpan_controlToken_hasATextOnlyIfAsked()
    {
        var bytes = new byte[16];

        Assert.Equal(0u, llama.Weights.NativeHandle.TokenToSpan(ByteVocabulary.End, bytes));
        Assert.Equal(7u, llama.Weights.NativeHandle.TokenToSpan(ByteVocabulary.End, bytes, special: true));
        Assert.Equal("<|end|>", Encoding.UTF8.GetString(bytes, 0, 7));
    }

    [Fact]
    public void TokenToSpan_shortBuffer_tellsTheLengthAndWritesNothing()
    {
        var bytes = new byte[3];

        Assert.Equal(7u, llama.Weights.NativeHandle.TokenToSpan(ByteVocabulary.End, bytes, special: true));
        Assert.Equal(new byte[3], bytes);
    }

    [Fact]
    public void Apply_messages_rendersTheModelsTemplate()
    {
        var template = new LLamaTemplate(llama.Weights) { AddAssistant = true };
        template.Add("user", "é").Add("assistant", "b").Add("user", "c");

        Assert.Equal("<|user|>\né<|end|>\n<|assistant|>\nb<|end|>\n<|user|>\nc<|end|>\n<|assistant|>\n", Encoding.UTF8.GetString(template.Apply()));
    }

    [Fact]
    public void LLamaTemplate_modelWithoutOne_throwsIfStrict()
    {
        TinyModel.WriteChanged(llama["bare.gguf"], metadata => metadata.Remove("tokenizer.chat_template"));
        using var weights = LLamaWeights.LoadFromFile(new ModelParams(llama["bare.gguf"]));

        Assert.Throws<TemplateNotFoundException>(() => new LLamaTemplate(weights));
    }

    [Fact]
    public void Apply_unknownTemplate_throws()
    {
        TinyModel.WriteChanged(llama["odd.gguf"], metadata => metadata["tokenizer.chat_template"] = "{{ messages }}");
        using var weights = LLamaWeights.LoadFromFile(new ModelParams(llama["odd.gguf"]));
        var template = new LLamaTemplate(weights);
        template.Add("user", "a");

        Assert.Throws<MissingTemplateException>(() => template.Apply().Length);
    }
}
