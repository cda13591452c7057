using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>Writes a GGUF's vocabulary as the files of a tokenizer of Hugging Face's libraries.</summary>
internal sealed class HubTokenizerWriter
{
    private readonly GgufMetadata _metadata;
    private readonly string[] _tokens;
    private readonly int[] _types;
    private readonly bool _isSentencePiece;

    public HubTokenizerWriter(GgufMetadata metadata)
    {
        _metadata = metadata;
        _tokens = metadata.GetArray<string>(HubTokenizer.Prefix + "tokens");
        _types = metadata.Contains(HubTokenizer.Prefix + "token_type")
            ? metadata.GetArray<int>(HubTokenizer.Prefix + "token_type")
            : [.. _tokens.Select(_ => HubTokenizer.Normal)];
        _isSentencePiece = metadata.GetString(HubTokenizer.Prefix + "model") == "llama";
    }

    private bool AddsBos => Flag("add_bos_token", _isSentencePiece);

    private bool AddsEos => Flag("add_eos_token", false);

    /// <summary>Null where llama.cpp's rules have no such form that is known here.</summary>
    public JsonObject? Tokenizer()
    {
        var pre = _isSentencePiece ? null : PreTokenizer.Named(_metadata.GetString(HubTokenizer.Prefix + "pre", ""));
        if (pre is null && !_isSentencePiece) return null;
        return new()
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. _tokens.Index().Where(token => IsAdded(token.Index)).Select(token => Added(token.Index))]),
            ["normalizer"] = _isSentencePiece ? Spaces() : null,
            ["pre_tokenizer"] = pre is null ? null : JsonSerializer.SerializeToNode(pre.ToJson()),
            ["post_processor"] = Template(),
            ["decoder"] = _isSentencePiece
                ? Decoder()
                : JsonNode.Parse("""{ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true }"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = _isSentencePiece ? TokenOf("unknown") : null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = _isSentencePiece,
                ["byte_fallback"] = _isSentencePiece,
                ["ignore_merges"] = pre?.TakesWhole ?? false,
                ["vocab"] = new JsonObject(
                    _tokens
                        .Index()
                        .Where(token => !IsAdded(token.Index) || _isSentencePiece)
                        .Where(token => !IsPadding(token.Index))
                    .Select(token => KeyValuePair.Create(token.Item, (JsonNode?)token.Index))),
                ["merges"] = new JsonArray([
                    .. (
                        _isSentencePiece
                            ? MergesOfScores()
                            : _metadata.GetArray<string>(HubTokenizer.Prefix + "merges").Select(merge => merge.Split(' ', 2))
                    ).Select(merge => new JsonArray(merge[0], merge[1])),
                ]),
            },
        };
    }

    /// <summary>What names the special tokens, and has the chat template.</summary>
    public JsonObject Config(int contextLength)
    {
        var json = new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["model_max_length"] = contextLength,
            ["clean_up_tokenization_spaces"] = false,
            ["add_bos_token"] = AddsBos,
            ["add_eos_token"] = AddsEos,
        };
        foreach (var (name, key) in new[] { ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding") }
        )
        {
            if (TokenOf(key) is { } token) json[name] = token;
        }
        const string template = "tokenizer.chat_template";
        var templates = _metadata
            .Where(entry => entry.Key == template || entry.Key.StartsWith($"{template}.", StringComparison.Ordinal))
            .ToList();
        if (templates is [{ Key: template, Value.Value: string only }]) json["chat_template"] = only;
        else if (templates.Count > 0)
        {
            json["chat_template"] = new JsonArray([.. templates.Select(entry => new JsonObject
            {
                ["name"] = entry.Key == template ? "default" : entry.Key[(template.Length + 1)..],
                ["template"] = entry.Value.Value as string,
            })]);
        }
        return json;
    }

    public JsonObject Generation()
    {
        var json = new JsonObject { ["_from_model_config"] = true };
        foreach (var (name, key) in new[] { ("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding") })
        {
            if (IdOf(key) is { } id) json[name] = id;
        }
        return json;
    }

    private bool Flag(string key, bool absent) => _metadata.GetBool(HubTokenizer.Prefix + key, absent);

    private int? IdOf(string key) =>
        _metadata.Contains($"{HubTokenizer.Prefix}{key}_token_id")
            ? (int)_metadata.GetUInt32($"{HubTokenizer.Prefix}{key}_token_id")
            : null;

    private string? TokenOf(string key) => IdOf(key) is { } id ? _tokens[id] : null;

    private bool IsAdded(int id) => _types[id] is not (HubTokenizer.Normal or HubTokenizer.Byte) && !IsPadding(id);

    /// <summary>A row of the embedding that has no token.</summary>
    private bool IsPadding(int id) => _types[id] == HubTokenizer.Unused && _tokens[id] == FormattableString.Invariant($"[PAD{id}]");

    private JsonObject Added(int id) => new()
    {
        ["id"] = id,
        ["content"] = _tokens[id],
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = _types[id] != HubTokenizer.UserDefined,
    };

    private JsonObject Spaces()
    {
        var replace = new JsonObject
        {
            ["type"] = "Replace",
            ["pattern"] = new JsonObject { ["String"] = " " },
            ["content"] = $"{HubTokenizer.Space}",
        };
        return !Flag("add_space_prefix", true) ? replace : new()
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(new JsonObject { ["type"] = "Prepend", ["prepend"] = $"{HubTokenizer.Space}" }, replace),
        };
    }

    private JsonObject Decoder()
    {
        var steps = new JsonArray(
            new JsonObject
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { ["String"] = $"{HubTokenizer.Space}" },
                ["content"] = " ",
            },
            new JsonObject { ["type"] = "ByteFallback" },
            new JsonObject { ["type"] = "Fuse" });
        if (Flag("add_space_prefix", true))
            steps.Add(
                (JsonNode)
                    new JsonObject
                    {
                        ["type"] = "Strip",
                        ["content"] = " ",
                        ["start"] = 1,
                        ["stop"] = 0,
                    });
        return new() { ["type"] = "Sequence", ["decoders"] = steps };
    }

    private JsonObject? Template()
    {
        string?[] around = [AddsBos ? TokenOf("bos") : null, AddsEos ? TokenOf("eos") : null];
        if (around.All(token => token is null)) return null;
        JsonArray Around(params (string Id, int Type)[] sequences) =>
            [
                .. sequences
                    .SelectMany(text =>
                        new[]
                        {
                            Special(around[0], text.Type),
                            new JsonObject
                            {
                                ["Sequence"] = new JsonObject { ["id"] = text.Id, ["type_id"] = text.Type },
                            },
                            Special(around[1], text.Type),
                        })
                    .Where(step => step is not null),
            ];
        return new()
        {
            ["type"] = "TemplateProcessing",
            ["single"] = Around(("A", 0)),
            ["pair"] = Around(("A", 0), ("B", 1)),
            ["special_tokens"] = new JsonObject(
                around
                    .OfType<string>()
                    .Distinct()
                    .Select(token =>
                        KeyValuePair.Create(
                            token,
                            (JsonNode?)
                                new JsonObject
                                {
                                    ["id"] = token,
                                    ["ids"] = new JsonArray(Array.IndexOf(_tokens, token)),
                                    ["tokens"] = new JsonArray(token),
                                }))),
        };
    }

    private static JsonObject? Special(string? token, int type) =>
        token is null
            ? null
            : new()
            {
                ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = type },
            };

    /// <summary>All ways to make each piece, those of the highest score first.</summary>
    private IEnumerable<string[]> MergesOfScores()
    {
        var (scores, known) = (_metadata.GetArray<float>(HubTokenizer.Prefix + "scores"), _tokens.ToHashSet());
        foreach (var (id, piece) in _tokens
                .Index()
                .Where(token => _types[token.Index] == HubTokenizer.Normal)
                .OrderByDescending(token => scores[token.Index])
                .ThenBy(token => token.Index))
        {
            for (var i = 1; i < piece.Length; i++)
            {
                if (!char.IsLowSurrogate(piece[i]) && known.Contains(piece[..i]) && known.Contains(piece[i..]))
                    yield return [piece[..i], piece[i..]];
            }
        }
    }
}
