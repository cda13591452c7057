using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation.Batching;
using LLama;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>Reads a model's tokens once, so that decoding asks llama.cpp for none.</summary>
internal static class LlamaVocabulary
{
    public static TokenTable Read(LLamaWeights weights, ThoughtMarks? thoughts)
    {
        var vocab = weights.Vocab;
        var pieces = new byte[vocab.Count][];
        var ends = new HashSet<int>();
        var buffer = new byte[64];
        for (var id = 0; id < pieces.Length; id++)
        {
            pieces[id] = Piece(weights.NativeHandle, id, ref buffer);
            LLamaToken token = id;
            if (token.IsEndOfGeneration(vocab))
            {
                ends.Add(id);
            }
        }
        return new TokenTable(pieces, ends, thoughts);
    }

    private static byte[] Piece(SafeLlamaModelHandle model, int id, ref byte[] buffer)
    {
        var length = (int)model.TokenToSpan(id, buffer);
        if (length > buffer.Length)
        {
            buffer = new byte[length];
            _ = model.TokenToSpan(id, buffer);
        }
        return buffer[..length];
    }
}
