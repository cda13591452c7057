using System.Text;
using IterativeDpo.Artifacts.Tests.Models;
using LLama;
using LLama.Common;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>
/// Why folders with a unigram vocabulary are refused: llama.cpp finds the best pieces, but never a byte. If this fails, it has learned
/// bytes, and such vocabularies can be converted.
/// </summary>
public sealed class UnigramTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    private const int Unknown = 0, FirstByte = 3, A = 260, B = 262, BA = 263;

    [Theory]
    // log-probs: a -1, ab -4, b -2, ba -2.5. a + b is -3 and ab -4; a + ba is -3.5 and ab + a -5.
    [InlineData("ab", new[] { A, B })]
    [InlineData("aba", new[] { A, BA })]
    [InlineData("a\nb", new[] { A, Unknown, B })]
    [InlineData("aé\n\nb", new[] { A, Unknown, B })]
    public void Tokenize_unigramVocabularyWithBytes_hasTheBestPiecesAndNoBytes(string text, int[] expected)
    {
        using var weights = LLamaWeights.LoadFromFile(new ModelParams(Write(files[$"{Guid.NewGuid()}.gguf"])) { VocabOnly = true });

        var ids = weights.NativeHandle.Tokenize(text, addBos: false, special: false, Encoding.UTF8);

        Assert.Equal(expected, ids.Select(id => (int)id));
    }

    private static string Write(string path)
    {
        const int normal = 1, unknown = 2, control = 3, bytes = 6;
        (string Piece, float Score)[] pieces = [("\u2581", -3), ("a", -1), ("ab", -4), ("b", -2), ("ba", -2.5f)];
        TinyModel.WriteChanged(path, metadata =>
        {
            metadata.Remove("tokenizer.ggml.merges");
            metadata.Remove("tokenizer.ggml.pre");
            metadata["tokenizer.ggml.model"] = "t5";
            metadata["tokenizer.ggml.tokens"] = new[] { "<unk>", "<s>", "</s>" }
                .Concat(Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"))
                .Concat(pieces.Select(piece => piece.Piece))
                .ToArray();
            metadata["tokenizer.ggml.scores"] = new float[FirstByte + 256].Concat(pieces.Select(piece => piece.Score)).ToArray();
            metadata["tokenizer.ggml.token_type"] = new[] { unknown, control, control }
                .Concat(Enumerable.Repeat(bytes, 256))
                .Concat(Enumerable.Repeat(normal, pieces.Length))
                .ToArray();
            metadata["tokenizer.ggml.unknown_token_id"] = (uint)Unknown;
            metadata["tokenizer.ggml.bos_token_id"] = 1u;
            metadata["tokenizer.ggml.eos_token_id"] = 2u;
            metadata["tokenizer.ggml.padding_token_id"] = 0u;
            metadata["tokenizer.ggml.add_space_prefix"] = false;
            metadata["tokenizer.ggml.remove_extra_whitespaces"] = false;
        });
        return path;
    }
}
