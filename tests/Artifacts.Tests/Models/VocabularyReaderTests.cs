using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class VocabularyReaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("tokenizer.ggml.model", null, "the metadata key 'tokenizer.ggml.model' is missing")]
    [InlineData("tokenizer.ggml.model", "bert", "the tokenizer 'bert' is not supported, only gpt2 and llama")]
    [InlineData("tokenizer.ggml.model", "llama", "a SentencePiece vocabulary ('llama') needs its byte tokens")]
    [InlineData("tokenizer.ggml.merges", null, "the metadata key 'tokenizer.ggml.merges' is missing")]
    [InlineData("tokenizer.ggml.merges", new[] { 1, 2 }, "must be an array of String, but is an array of Int32")]
    [InlineData("tokenizer.ggml.token_type", new[] { 1 }, "'tokenizer.ggml.token_type': 1 entries for 264 tokens")]
    [InlineData("tokenizer.ggml.token_type", new byte[] { 1 }, "must be an array of Int32, but is an array of UInt8")]
    [InlineData("tokenizer.ggml.scores", new[] { 1f }, "'tokenizer.ggml.scores': 1 entries for 264 tokens")]
    [InlineData("tokenizer.ggml.eos_token_id", 264u, "'tokenizer.ggml.eos_token_id': 264 is not one of the 264 tokens")]
    [InlineData("tokenizer.ggml.eos_token_id", null, "'tokenizer.ggml.eos_token_id': it is missing, and llama.cpp would take token 11")]
    [InlineData("tokenizer.ggml.bos_token_id", null, "'tokenizer.ggml.bos_token_id': it is missing, and llama.cpp would take token 11")]
    public void Read_refuses_a_vocabulary_that_llama_cpp_would_trip_over(string key, object? value, string problem) =>
        AssertRefused(key, value, problem);

    [Fact]
    public void Read_refuses_a_token_that_occurs_twice()
    {
        var tokens = (string[])ByteVocabulary.Metadata().Single(entry => entry.Key == "tokenizer.ggml.tokens").Value;
        tokens[5] = "A";

        AssertRefused("tokenizer.ggml.tokens", tokens, "'tokenizer.ggml.tokens': the token 'A' occurs twice");
    }

    [Theory]
    [InlineData("Phi-3 mini")]
    [InlineData("my-PHI3-tune")]
    public void Read_refuses_a_name_that_llama_cpp_would_look_for_tokens_by(string name) =>
        AssertRefused(
            "general.name",
            name,
            "'tokenizer.ggml.tokens': '</s>' is missing, which llama.cpp needs where 'general.name' says Phi-3");

    private void AssertRefused(string key, object? value, string problem)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            metadata.Remove(key);
            if (value is not null) metadata[key] = value;
        });
        using var file = GgufFile.Open(_directory["m.gguf"]);

        var error = Assert.Throws<UserInputException>(() => ModelConfig.Read(file));

        Assert.StartsWith(_directory["m.gguf"], error.Message);
        Assert.Contains(problem, error.Message);
    }
}
