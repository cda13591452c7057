using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using LLama;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>Text to token ids and back, by llama.cpp.</summary>
internal sealed class LlamaText(LLamaWeights weights)
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly int? _bos = (int?)weights.Vocab.BOS;
    private readonly SearchValues<string> _specials = SearchValues.Create(SpellSpecials(weights), StringComparison.Ordinal);
    private readonly int? _end = (int?)(weights.Vocab.EOS ?? weights.Vocab.EOT);

    /// <param name="special">Whether a special token that the text spells becomes that token.</param>
    public int[] Tokenize(string text, bool special)
    {
        // BOS is added below: asked for here, llama.cpp would add the model's EOS as well.
        var tokens = weights.NativeHandle.Tokenize(text, addBos: false, special, Encoding.UTF8);
        return MemoryMarshal.Cast<LLamaToken, int>(tokens).ToArray();
    }

    /// <summary>Whether the text spells no special token.</summary>
    public bool IsPlain(string text) => !text.AsSpan().ContainsAny(_specials);

    /// <summary>The ids with BOS once, if the model wants it.</summary>
    public int[] WithBos(int[] ids) => weights.Vocab.ShouldAddBOS && _bos is { } bos ? [bos, .. WithoutBos(ids)] : ids;

    /// <summary>The ids up to the last end token if nothing but white space follows it; else with one added.</summary>
    public int[] WithEnd(int[] ids)
    {
        var last = Array.FindLastIndex(ids, IsEnd);
        if (last >= 0 && (last == ids.Length - 1 || string.IsNullOrWhiteSpace(Spell(ids.AsSpan(last + 1)))))
        {
            return ids[..(last + 1)];
        }
        return _end is { } end ? [.. ids, end] : ids;
    }

    /// <summary>See <see cref="ITextTokenizer.Decode"/>.</summary>
    public string? Decode(ReadOnlySpan<int> ids)
    {
        var rest = WithoutBos(ids);
        return Spell(rest is [.., var last] && IsEnd(last) ? rest[..^1] : rest);
    }

    /// <summary>The texts of the tokens that are only ever text when asked for: control tokens and the unknown token.</summary>
    private static string[] SpellSpecials(LLamaWeights weights)
    {
        var buffer = new byte[512];
        var texts = new List<string>();
        for (var id = 0; id < weights.Vocab.Count; id++)
        {
            if (weights.NativeHandle.TokenToSpan(id, buffer) == 0 && weights.NativeHandle.TokenToSpan(id, buffer, special: true) is > 0 and var length)
            {
                texts.Add(Encoding.UTF8.GetString(buffer.AsSpan(0, Math.Min((int)length, buffer.Length))));
            }
        }
        return [.. texts];
    }

    private bool IsEnd(int id)
    {
        LLamaToken token = id;
        return token.IsEndOfGeneration(weights.Vocab);
    }

    private ReadOnlySpan<int> WithoutBos(ReadOnlySpan<int> ids)
    {
        while (_bos is { } bos && ids is [var first, ..] && first == bos)
        {
            ids = ids[1..];
        }
        return ids;
    }

    private string? Spell(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>();
        var buffer = new byte[64];
        foreach (var id in ids)
        {
            var length = (int)weights.NativeHandle.TokenToSpan(id, buffer, special: true);
            if (length > buffer.Length)
            {
                buffer = new byte[length];
                _ = weights.NativeHandle.TokenToSpan(id, buffer, special: true);
            }
            bytes.AddRange(buffer.AsSpan(0, length));
        }
        try
        {
            return _strict.GetString(CollectionsMarshal.AsSpan(bytes));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
