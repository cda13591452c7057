using System.Globalization;
using System.Text.Json;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// Reads the tokenizer of a folder as llama.cpp has them: byte-level BPE (<c>gpt2</c>) with its pre-tokenizer's name, or SentencePiece's
/// BPE (<c>llama</c>), whose merges become scores. What llama.cpp would tokenise otherwise is refused by its key.
/// </summary>
/// <param name="folder">Where it is.</param>
/// <param name="size">Rows of the embedding: tokens beyond have none, and rows beyond the tokens are unused ones.</param>
internal sealed class HubTokenizer(string folder, int size)
{
    public const string Prefix = "tokenizer.ggml.";

    /// <summary>A space in SentencePiece's pieces.</summary>
    public const char Space = '\u2581';

    // As llama.cpp numbers them.
    public const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    private readonly HubJson _file = HubJson.Read(ModelFolder.In(folder, ModelFolder.TokenizerFile));
    private readonly HubJson? _config = File.Exists(ModelFolder.In(folder, ModelFolder.TokenizerConfigFile))
        ? HubJson.Read(ModelFolder.In(folder, ModelFolder.TokenizerConfigFile))
        : null;
    private readonly string?[] _tokens = new string?[size];
    private readonly int[] _types = [.. Enumerable.Repeat(Unused, size)];
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<KeyValuePair<string, object>> _metadata = [];
    private bool _strips;

    /// <summary>Whether blanks behind special tokens go as Phi-3's do, which llama.cpp does by the model's name.</summary>
    public bool StripsAsPhi3 => _strips && VocabularyReader.Phi3Tokens.All(_ids.ContainsKey);

    /// <summary>The metadata of a GGUF.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Read()
    {
        var model = _file.Section("model") ?? throw _file.Bad("model", "the key is missing");
        var kind = model.Text("type", "BPE");
        _file.Require(
            kind != "Unigram",
            "model.type",
            "'Unigram' is not read: llama.cpp knows no byte_fallback in such a vocabulary, and characters without a piece, line breaks often "
            + "among them, would be <unk>; it may be BPE");
        _file.Require(kind == "BPE", "model.type", $"'{kind}' is not read; it may be BPE");
        foreach (var key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            model.Require(model.Text(key, "") == "", key, "llama.cpp has no such thing");
        model.Require(model.Number("dropout", 0) == 0, "dropout", "merges that are left out at random give no ids");
        AddVocabulary(model);
        if (model.Flag("byte_fallback", false)) ReadSentencePiece(model);
        else ReadBytes(model);
        ReadSpecials();
        ReadTemplates();
        return _metadata;
    }

    private void Set(string key, object value) => _metadata.Add(new(Prefix + key, value));

    private void AddVocabulary(HubJson model)
    {
        var vocabulary = model.Section("vocab") ?? throw model.Bad("vocab", "the key is missing");
        foreach (var token in vocabulary.Root.EnumerateObject())
            Add(
                token.Name,
                token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out var id) ? id : -1,
                Normal,
                vocabulary);
        foreach (var item in _file.Items("added_tokens"))
        {
            var token = _file.Of("added_tokens", item);
            var (text, id, special) = (token.Text("content"), token.Integer("id"), token.Flag("special", false));
            _strips |= special && token.Flag("rstrip", false);
            // A token of an image, say, in a model of text alone.
            if (id >= size) continue;
            token.Require(!_ids.TryGetValue(text, out var known) || known == id, "id", $"{id}, but the vocabulary has '{text}' as {known}");
            if (_ids.ContainsKey(text)) _types[id] = special ? Control : UserDefined;
            else Add(text, id, special ? Control : UserDefined, token);
        }
        for (var id = 0; id < size; id++)
        {
            if (_tokens[id] is null) Add(FormattableString.Invariant($"[PAD{id}]"), id, Unused, vocabulary);
        }
    }

    private void Add(string text, int id, int type, HubJson source)
    {
        source.Require(
            id >= 0 && id < size && _tokens[id] is null,
            text,
            $"its id is {id}, which is another's, or none of the {size} that the model has rows for");
        source.Require(_ids.TryAdd(text, id), text, "the token occurs twice");
        (_tokens[id], _types[id]) = (text, type);
    }

    private void ReadBytes(HubJson model)
    {
        RefuseNormalizer(type => type == "NFC");
        var pre = PreTokenizer.Of(_file, model.Flag("ignore_merges", false));
        var merges = Merges(model)
            .Select(merge =>
                merge.Left.Contains(' ') || merge.Right.Contains(' ')
                    ? throw model.Bad("merges", $"'{merge.Left}' and '{merge.Right}': bytes have no blanks")
                    : $"{merge.Left} {merge.Right}")
            .ToArray();
        Set("model", "gpt2");
        Set("pre", pre.Name);
        SetTokens();
        Set("merges", merges);
    }

    private void SetTokens()
    {
        Set("tokens", _tokens);
        Set("token_type", _types);
    }

    /// <summary>Of a list, in the library's older and newer form.</summary>
    private IEnumerable<(string Left, string Right)> Merges(HubJson model)
    {
        model.Require(model.Has("merges"), "merges", "the key is missing, and without merges texts would be single bytes");
        var any = false;
        foreach (var item in model.Items("merges"))
        {
            any = true;
            yield return item.ValueKind == JsonValueKind.String && item.GetString()!.IndexOf(' ', 1) is > 0 and var blank
                ? (item.GetString()![..blank], item.GetString()![(blank + 1)..])
                : item.ValueKind == JsonValueKind.Array
                && item.GetArrayLength() == 2
                && item[0].ValueKind == JsonValueKind.String
                && item[1].ValueKind == JsonValueKind.String
                    ? (item[0].GetString()!, item[1].GetString()!)
                : throw model.Bad("merges", "an entry is not two pieces");
        }
        model.Require(
            any || !_tokens.Index().Any(token => _types[token.Index] == Normal && new StringInfo(token.Item!).LengthInTextElements > 1),
            "merges",
            "there are none, and the vocabulary has tokens that are made by them");
    }

    /// <summary>
    /// SentencePiece joins whichever two neighbours make the piece with the highest score, the library those that come first in a list.
    /// They do the same if the list has every way to make a piece, one piece after the other.
    /// </summary>
    private void ReadSentencePiece(HubJson model)
    {
        ReadSpaces();
        for (var value = 0; value < 256; value++)
        {
            var text = FormattableString.Invariant($"<0x{value:X2}>");
            _types[
                _ids.TryGetValue(text, out var id)
                    ? id
                    : throw model.Bad("byte_fallback", $"the vocabulary lacks '{text}', which it needs for that")
            ] = Byte;
        }
        if (model.Text("unk_token", "") is { Length: > 0 } unknown && _ids.TryGetValue(unknown, out var unknownId))
            _types[unknownId] = Unknown;
        var scores = new float[size];
        var (made, ranks, rank) = (new HashSet<(string, string)>(), new Dictionary<string, (int First, int Last, int Count)>(), 0);
        foreach (var (left, right) in Merges(model))
        {
            var piece = left + right;
            model.Require(
                _ids.ContainsKey(piece) && made.Add((left, right)),
                "merges",
                $"'{left}' and '{right}' make no token, or do so twice");
            ranks[piece] = ranks.TryGetValue(piece, out var known) ? (known.First, rank, known.Count + 1) : (rank, rank, 1);
            rank++;
        }
        foreach (var (piece, (first, last, count)) in ranks)
        {
            scores[_ids[piece]] = -first;
            // Runs of one character come to the same in either order.
            model.Require(
                last - first + 1 == count || piece.AsSpan().IndexOfAnyExcept(piece[0]) < 0,
                "merges",
                $"those that make '{piece}' do not follow one another, and llama.cpp knows one score for it");
            // A token that is added is one in texts; one of spaces is also made by merges, and shown as they are.
            if (_types[_ids[piece]] == UserDefined && piece.Contains(Space)) _types[_ids[piece]] = Normal;
        }
        foreach (var (piece, id) in _ids.Where(token => _types[token.Value] == Normal)) RequireEveryWay(model, piece, made);
        Set("model", "llama");
        Set("pre", "default");
        SetTokens();
        Set("scores", scores);
    }

    private void RequireEveryWay(HubJson model, string piece, HashSet<(string, string)> made)
    {
        for (var i = 1; i < piece.Length; i++)
        {
            if (char.IsLowSurrogate(piece[i])) continue;
            var (left, right) = (piece[..i], piece[i..]);
            var isListed = made.Contains((left, right));
            model.Require(
                isListed == (_ids.ContainsKey(left) && _ids.ContainsKey(right)),
                "merges",
                $"'{left}' and '{right}' {(isListed ? "are no tokens" : "are not there")}, so these are not the merges of a SentencePiece vocabulary");
        }
    }

    /// <summary>Whether a space comes before texts.</summary>
    private void ReadSpaces()
    {
        var prepends = false;
        RefuseNormalizer(_ => false, step =>
        {
            prepends |= step.Text("type") == "Prepend" && step.Text("prepend") == $"{Space}";
            return step.Text("type") == "Prepend"
                ? step.Text("prepend") == $"{Space}"
                : step.Text("type") == "Replace"
                    && step.Section("pattern")?.Text("String", "") == " "
                    && step.Text("content") == $"{Space}";
        });
        if (_file.Section("pre_tokenizer") is { } pre)
        {
            var isMetaspace = pre.Text("type") == "Metaspace" && pre.Text("replacement") == $"{Space}" && !pre.Flag("split", true);
            // Splits at spaces, of which there are none any more.
            var isIdle = pre.Text("type") == "Split" && pre.Section("pattern")?.Text("String", "") == " " && _file.Has("normalizer");
            _file.Require(
                isMetaspace || isIdle,
                "pre_tokenizer",
                $"a vocabulary of SentencePiece has none, or Metaspace without splits, and this is '{pre.Text("type")}'");
            prepends |= isMetaspace && pre.Text("prepend_scheme", "always") != "never";
        }
        Set("add_space_prefix", prepends);
    }

    private void RefuseNormalizer(Func<string, bool> isIdle, Func<HubJson, bool>? isKnown = null)
    {
        if (_file.Section("normalizer") is not { } normalizer) return;
        foreach (var step in normalizer.Text("type") == "Sequence"
                ? normalizer.Items("normalizers").Select(item => normalizer.Of("normalizers", item))
                : [normalizer])
        {
            var type = step.Text("type");
            _file.Require(
                isIdle(type) || isKnown?.Invoke(step) == true,
                "normalizer",
                $"'{type}' changes texts in a way that llama.cpp does not");
        }
    }

    private void ReadSpecials()
    {
        var generation = File.Exists(ModelFolder.In(folder, ModelFolder.GenerationFile))
            ? HubJson.Read(ModelFolder.In(folder, ModelFolder.GenerationFile))
            : null;
        var map = File.Exists(ModelFolder.In(folder, ModelFolder.SpecialTokensFile))
            ? HubJson.Read(ModelFolder.In(folder, ModelFolder.SpecialTokensFile))
            : null;
        foreach (var (token, key) in new[] { ("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding") })
        {
            if ((TextOf(_config, $"{token}_token") ?? TextOf(map, $"{token}_token")) is { } text)
                Set($"{key}_token_id", (uint)IdOf(text, $"{token}_token"));
            else if (generation?.Find($"{token}_token_id") is { } said
                && (said.ValueKind == JsonValueKind.Array ? said.EnumerateArray().FirstOrDefault() : said)
                    is { ValueKind: JsonValueKind.Number } number)
                Set(
                    $"{key}_token_id",
                    (uint)(
                        number.TryGetInt32(out var id) && id >= 0 && id < size
                            ? id
                            : throw generation.Bad($"{token}_token_id", $"not one of the {size} tokens")));
        }
        Set("add_bos_token", Adds("bos", first: true));
        Set("add_eos_token", Adds("eos", first: false));
    }

    private int IdOf(string text, string key) =>
        _ids.TryGetValue(text, out var id) ? id : throw (_config ?? _file).Bad(key, $"'{text}' is no token of {ModelFolder.TokenizerFile}");

    private static string? TextOf(HubJson? file, string key) =>
        file?.Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? file.Section(key)!.Text("content")
        : file.Text(key);

    /// <summary>
    /// Whether the token comes before or behind texts: as the library's own classes are told, or by the template of a text.
    /// </summary>
    private bool Adds(string token, bool first)
    {
        if (_config?.Has($"add_{token}_token") == true) return _config.Flag($"add_{token}_token", false);
        if (_file.Section("post_processor") is not { } post || TextOf(_config, $"{token}_token") is not { } text) return false;
        var steps = post.Text("type") == "Sequence" ? post.Items("processors").Select(step => post.Of("processors", step)) : [post];
        return steps.Where(step => step.Text("type") == "TemplateProcessing").Select(step => step.Items("single").ToList()).Any(single =>
            (first ? single.FirstOrDefault() : single.LastOrDefault()) is { ValueKind: JsonValueKind.Object } piece
            && piece.TryGetProperty("SpecialToken", out var special) && special.TryGetProperty("id", out var id) && id.GetString() == text);
    }

    private void ReadTemplates()
    {
        const string key = "tokenizer.chat_template";
        if (File.Exists(ModelFolder.In(folder, ModelFolder.TemplateFile)))
        {
            _metadata.Add(new(key, Text.TextFile.Read(ModelFolder.In(folder, ModelFolder.TemplateFile))));
            return;
        }
        if (_config?.Find("chat_template") is not { } template) return;
        if (template.ValueKind == JsonValueKind.String) _metadata.Add(new(key, template.GetString()!));
        else
        {
            foreach (var named in _config.Items("chat_template").Select(item => _config.Of("chat_template", item)))
                _metadata.Add(new(named.Text("name") is "default" ? key : $"{key}.{named.Text("name")}", named.Text("template")));
        }
    }
}
