using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using LLama;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>Text to token ids and back, by llama.cpp.</summary>
/// <remarks>
/// With most SentencePiece vocabularies llama.cpp puts a space before text at the beginning and behind a special token
/// (<c>tokenizer.ggml.add_space_prefix</c>). Text that goes on from other text gets none, and decoding takes the space away again.
/// </remarks>
internal sealed class LlamaText
{
    /// <summary>A character that merges with nothing, so that a text behind it is tokenised as if it went on from another.</summary>
    private const string Guard = "\u0001";

    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly LLamaWeights _weights;
    private readonly int? _bos;
    private readonly int? _end;
    private readonly Dictionary<int, string> _specials;
    private readonly SearchValues<string> _spelledSpecials;
    private readonly string[] _longestFirst;
    private readonly SearchValues<string> _marks;
    private readonly int[] _guard;
    private readonly bool _addsSpace;

    public LlamaText(LlamaModel model)
    {
        var weights = _weights = model.Weights;
        (_bos, _end) = ((int?)weights.Vocab.BOS, (int?)(weights.Vocab.EOS ?? weights.Vocab.EOT));
        _specials = SpellSpecials(weights);
        foreach (var (id, text) in model.TemplateMarks)
        {
            _specials[id] = text;
        }
        _marks = SearchValues.Create([.. model.TemplateMarks.Values], StringComparison.Ordinal);
        _longestFirst = [.. _specials.Values.OrderByDescending(special => special.Length)];
        _spelledSpecials = SearchValues.Create([.. _specials.Values], StringComparison.Ordinal);
        _guard = Tokenize(Guard, special: false);
        _addsSpace = Spell(_guard)?.StartsWith(' ') == true;
    }

    /// <param name="special">Whether a special token that the text spells becomes that token.</param>
    /// <param name="goesOn">Whether it goes on from other text, and gets no space before it.</param>
    public int[] Tokenize(string text, bool special, bool goesOn = false)
    {
        var (ids, from) = (new List<int>(), 0);
        // llama.cpp takes user-defined tokens for text: cut behind the first character of one, its text is none of them.
        while (!special && text.AsSpan(from).IndexOfAny(_marks) is >= 0 and var mark)
        {
            var cut = from + mark + Rune.GetRuneAt(text, from + mark).Utf16SequenceLength;
            ids.AddRange(TokenizeWhole(text[from..cut], special, goesOn));
            (from, goesOn) = (cut, true);
        }
        return [.. ids, .. TokenizeWhole(text[from..], special, goesOn)];
    }

    private int[] TokenizeWhole(string text, bool special, bool goesOn)
    {
        // BOS is added below: asked for here, llama.cpp would add the model's EOS as well.
        var tokens = _weights.NativeHandle.Tokenize(goesOn && _addsSpace ? Guard + text : text, addBos: false, special, Encoding.UTF8);
        var ids = MemoryMarshal.Cast<LLamaToken, int>(tokens).ToArray();
        return goesOn && _addsSpace ? ids[_guard.Length..] : ids;
    }

    /// <summary>The text of the BOS token, or null.</summary>
    public string? Bos => _bos is { } bos ? _specials.GetValueOrDefault(bos) : null;

    /// <summary>The text of the end token, or null.</summary>
    public string? End => _end is { } end ? _specials.GetValueOrDefault(end) : null;

    /// <summary>Whether the id is that of a special token.</summary>
    public bool IsSpecial(int id) => _specials.ContainsKey(id);

    /// <summary>Where the text spells special tokens that are wanted, from left to right: of several at one place the longest.</summary>
    public IEnumerable<(int At, int To)> SpecialsOf(string text, Func<int, int, bool> isWanted)
    {
        for (int at = 0, found; (found = text.AsSpan(at).IndexOfAny(_spelledSpecials)) >= 0;)
        {
            at += found;
            var length = Array
                .Find(
                    _longestFirst,
                    special => string.CompareOrdinal(text, at, special, 0, special.Length) == 0 && isWanted(at, at + special.Length))
                ?.Length;
            if (length is { } wanted)
            {
                yield return (at, at + wanted);
            }
            at += length ?? 1;
        }
    }

    /// <summary>The ids with BOS once, if the model wants it.</summary>
    public int[] WithBos(int[] ids) => _weights.Vocab.ShouldAddBOS && _bos is { } bos ? [bos, .. WithoutBos(ids)] : ids;

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

    /// <summary>
    /// See <see cref="ITextTokenizer.DecodePrompt"/>; with <paramref name="goesOn"/> <see cref="ITextTokenizer.DecodeCompletion"/>.
    /// </summary>
    public string? Decode(ReadOnlySpan<int> ids, bool goesOn)
    {
        var rest = WithoutBos(ids);
        rest = rest is [.., var last] && IsEnd(last) ? rest[..^1] : rest;
        var text = Spell(rest, withoutAddedSpaces: true, goesOn);
        return text is not null && SpecialsOf(rest).SequenceEqual(SpecialsOf(Tokenize(text, special: true, goesOn))) ? text : null;
    }

    /// <summary>The texts of the tokens that are only ever text when asked for: control tokens and the unknown token.</summary>
    private static Dictionary<int, string> SpellSpecials(LLamaWeights weights)
    {
        var buffer = new byte[512];
        var texts = new Dictionary<int, string>();
        for (var id = 0; id < weights.Vocab.Count; id++)
        {
            if (weights.NativeHandle.TokenToSpan(id, buffer) == 0
                && weights.NativeHandle.TokenToSpan(id, buffer, special: true) is > 0 and var length)
            {
                texts.Add(id, Encoding.UTF8.GetString(buffer.AsSpan(0, Math.Min((int)length, buffer.Length))));
            }
        }
        return texts;
    }

    private int[] SpecialsOf(ReadOnlySpan<int> ids)
    {
        var specials = new List<int>();
        foreach (var id in ids)
        {
            if (IsSpecial(id))
            {
                specials.Add(id);
            }
        }
        return [.. specials];
    }

    private bool IsEnd(int id)
    {
        LLamaToken token = id;
        return token.IsEndOfGeneration(_weights.Vocab);
    }

    private ReadOnlySpan<int> WithoutBos(ReadOnlySpan<int> ids)
    {
        while (_bos is { } bos && ids is [var first, ..] && first == bos)
        {
            ids = ids[1..];
        }
        return ids;
    }

    private string? Spell(ReadOnlySpan<int> ids, bool withoutAddedSpaces = false, bool goesOn = false)
    {
        var mayHaveSpace = _addsSpace && withoutAddedSpaces && !goesOn;
        var bytes = new List<byte>();
        var buffer = new byte[64];
        foreach (var id in ids)
        {
            var length = (int)_weights.NativeHandle.TokenToSpan(id, buffer, special: true);
            if (length > buffer.Length)
            {
                buffer = new byte[length];
                _ = _weights.NativeHandle.TokenToSpan(id, buffer, special: true);
            }
            var piece = buffer.AsSpan(0, length);
            bytes.AddRange(mayHaveSpace && !IsSpecial(id) && piece.StartsWith(" "u8) ? piece[1..] : piece);
            mayHaveSpace = _addsSpace && withoutAddedSpaces && IsSpecial(id);
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
