using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.Tests.HuggingFace;

/// <summary>
/// A model's folder as transformers saves one, small and of random weights. Names, keys and orders are written out here once more, as the
/// library's own code has them, and not taken from what converts.
/// </summary>
internal static class TinyFolder
{
    /// <summary>Writes the folder of a decoder with the tokens of <see cref="ByteVocabulary"/>.</summary>
    /// <param name="modelType">The configuration's; the family's usual one if not given.</param>
    /// <param name="stacked">Whether the experts of a block are one parameter.</param>
    public static void Write(
        string folder,
        ModelConfig config,
        string? modelType = null,
        Action<JsonObject>? change = null,
        TensorType type = TensorType.F32,
        bool stacked = false)
    {
        Directory.CreateDirectory(folder);
        var json = ConfigOf(config, modelType ?? TypeOf(config));
        change?.Invoke(json);
        File.WriteAllText(Path.Combine(folder, "config.json"), json.ToJsonString());
        WriteWeights(Path.Combine(folder, "model.safetensors"), config, type, stacked: stacked);
        WriteTokenizer(folder);
    }

    public static void WriteWeights(
        string path,
        ModelConfig config,
        TensorType type = TensorType.F32,
        Func<string, bool>? takes = null,
        bool stacked = false)
    {
        var writer = new SafetensorsWriter(type).Set("format", "pt");
        foreach (var tensor in Tensors(config, stacked).Where(tensor => takes?.Invoke(tensor.Name) ?? true))
            writer.Add(tensor.Name, tensor.Shape, () => tensor.Values);
        writer.Write(path);
    }

    /// <summary>All of the folder's tensors.</summary>
    public static IEnumerable<(string Name, int[] Shape, float[] Values)> Tensors(ModelConfig config, bool stacked = false) =>
        config.ListTensors().SelectMany(tensor => TinyExperts.IsOne(tensor.Name)
            ? TinyExperts.Of(config, tensor, stacked)
            : [(NameOf(config, tensor.Name), ShapeOf(tensor), Values(config, tensor))]);

    private static int[] ShapeOf(TensorSpec tensor) =>
        tensor.Name.EndsWith("shortconv.conv.weight", StringComparison.Ordinal) ? [tensor.Shape[0], 1, tensor.Shape[1]] : tensor.Shape;

    /// <summary>A tensor's values there, by its name and shape in GGUF: rows rotate by halves, and Gemma's norms lie around 0.</summary>
    public static float[] Values(ModelConfig config, TensorSpec tensor)
    {
        var seed = tensor.Name.Aggregate(17, (sum, c) => unchecked(sum * 31 + c));
        var random = new Random(seed);
        var isNorm = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal);
        var scale = tensor.Shape.Length == 1 ? 0.3 : 1.7 / Math.Sqrt(tensor.Shape[^1]);
        // Multiples of 2^-12, of which one more is a float32 too.
        float Round(double value) => (float)(Math.Round(value * 4096) / 4096);
        return
        [
            .. Enumerable
                .Range(0, tensor.Shape.Aggregate(1, (a, b) => a * b))
                .Select(_ => Round((random.NextDouble() * 2 - 1) * scale) + (isNorm && !IsGemma(config) ? 1 : 0)),
        ];
    }

    public static bool IsGemma(ModelConfig config) => config.Architecture.Name.StartsWith("gemma", StringComparison.Ordinal);

    public static string NameOf(ModelConfig config, string tensor)
    {
        if (tensor == "token_embd.weight") return "model.embed_tokens.weight";
        if (tensor == "output_norm.weight") return "model.norm.weight";
        if (tensor == "output.weight") return "lm_head.weight";
        if (tensor == "token_embd_norm.weight") return "model.embedding_norm.weight";
        var parts = tensor.Split('.');
        if (config.Convolution is not null) return $"model.layers.{parts[1]}.{NameOfLfm2(string.Join('.', parts[2..^1]))}.weight";
        var name = parts[2] switch
        {
            "attn_norm" => "input_layernorm",
            "ffn_norm" when IsGemma(config) => "pre_feedforward_layernorm",
            "ffn_norm" or "post_attention_norm" => "post_attention_layernorm",
            "post_ffw_norm" => "post_feedforward_layernorm",
            "attn_q_norm" => "self_attn.q_norm",
            "attn_k_norm" => "self_attn.k_norm",
            "attn_qkv" => "self_attn.qkv_proj",
            "attn_output" => "self_attn.o_proj",
            "ffn_up" when config.Architecture.Name == "phi3" => "mlp.gate_up_proj",
            ['a', 't', 't', 'n', '_', var map] => $"self_attn.{map}_proj",
            var map => $"mlp.{map["ffn_".Length..]}_proj",
        };
        return $"model.layers.{parts[1]}.{name}.{parts[3]}";
    }

    private static string NameOfLfm2(string name) => name switch
    {
        "attn_norm" => "operator_norm",
        "ffn_norm" => "ffn_norm",
        "attn_q_norm" => "self_attn.q_layernorm",
        "attn_k_norm" => "self_attn.k_layernorm",
        "attn_output" => "self_attn.out_proj",
        "ffn_gate" => "feed_forward.w1",
        "ffn_down" => "feed_forward.w2",
        "ffn_up" => "feed_forward.w3",
        ['a', 't', 't', 'n', '_', var map] => $"self_attn.{map}_proj",
        _ => name.Replace("shortconv.", "conv.", StringComparison.Ordinal),
    };

    private static string TypeOf(ModelConfig config) => config.Architecture.Name switch
    {
        "mistral3" => "ministral3",
        "gemma3" => "gemma3_text",
        "olmo2" when config.Sliding is not null => "olmo3",
        "llama" when config.Experts is not null => "mixtral",
        "qwen2moe" => "qwen2_moe",
        "qwen3moe" => "qwen3_moe",
        "granitemoe" when config.Experts!.SharedDim > 0 => "granitemoeshared",
        var name => name,
    };

    private static JsonObject ConfigOf(ModelConfig config, string modelType)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("AnyForCausalLM"),
            ["model_type"] = modelType,
            ["hidden_size"] = config.Dim,
            ["intermediate_size"] = config.FeedForwardDim,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.HeadDim,
            ["max_position_embeddings"] = config.ContextLength,
            ["rms_norm_eps"] = config.RmsEps,
            ["rope_theta"] = config.RopeBase,
            ["vocab_size"] = config.VocabSize,
            ["tie_word_embeddings"] = config.TiedEmbeddings,
            ["hidden_act"] = IsGemma(config) ? "gelu_pytorch_tanh" : "silu",
        };
        if (RopeOf(config) is { } rope) json["rope_scaling"] = rope;
        if (config.RopeDim != config.HeadDim) json["partial_rotary_factor"] = (double)config.RopeDim / config.HeadDim;
        if (IsGemma(config)) json["query_pre_attn_scalar"] = config.HeadDim;
        if (config.ScoreCap != 0) json["attn_logit_softcapping"] = config.ScoreCap;
        if (config.LogitCap != 0) json["final_logit_softcapping"] = config.LogitCap;
        if (config.Sliding is { } sliding)
        {
            json["sliding_window"] = sliding.Tokens;
            json["layer_types"] = new JsonArray([
                .. Enumerable
                    .Range(0, config.Layers)
                    .Select(layer => JsonValue.Create(layer % sliding.Every < sliding.Every - 1 ? "sliding_attention" : "full_attention")),
            ]);
            json["rope_local_base_freq"] = sliding.RopeBase;
        }
        if (modelType == "smollm3")
            json["no_rope_layers"] = new JsonArray([
                .. Enumerable.Range(1, config.Layers).Select(layer => JsonValue.Create(layer % 4 == 0 ? 0 : 1)),
            ]);
        if (modelType.StartsWith("granite", StringComparison.Ordinal))
        {
            json["embedding_multiplier"] = config.EmbeddingScale;
            json["residual_multiplier"] = config.ResidualScale;
            json["attention_multiplier"] = config.ScoreScale ?? 1 / MathF.Sqrt(config.HeadDim);
            json["logits_scaling"] = config.LogitDivisor;
        }
        if (config.Experts is not null) TinyExperts.AddKeys(json, config.Experts, modelType);
        if (config.Convolution is { } convolution)
        {
            json.Remove("rms_norm_eps");
            json.Remove("head_dim");
            json["norm_eps"] = config.RmsEps;
            json["conv_L_cache"] = convolution.Taps;
            json["full_attn_idxs"] = new JsonArray([.. convolution.Attending.Select(layer => JsonValue.Create(layer))]);
            // Two thirds of it, in whole sixteens.
            json["block_ff_dim"] = (config.FeedForwardDim - 1) * 3 / 2;
            json["block_multiple_of"] = 16;
            json["block_ffn_dim_multiplier"] = 1.0;
            json["intermediate_size"] = 12288;
        }
        if (config.LongContextDivisors is not null) json["original_max_position_embeddings"] = config.MostPositions;
        return json;
    }

    private static JsonObject? RopeOf(ModelConfig config) => config switch
    {
        { LongContextDivisors: { } longer } => new()
        {
            ["type"] = "longrope",
            ["short_factor"] = new JsonArray([.. config.RopeDivisors!.Select(value => JsonValue.Create(value))]),
            ["long_factor"] = new JsonArray([.. longer.Select(value => JsonValue.Create(value))]),
            ["attention_factor"] = config.Scaling.AttentionFactor,
        },
        { Scaling.Kind: RopeScalingKind.Linear } => new() { ["rope_type"] = "linear", ["factor"] = config.Scaling.Factor },
        { Scaling: { Kind: RopeScalingKind.Yarn, KeepsLength: true } } => new()
        {
            ["rope_type"] = "yarn",
            ["factor"] = config.Scaling.Factor,
            ["original_max_position_embeddings"] = config.Scaling.OriginalContext,
            ["beta_fast"] = 32.0,
            ["beta_slow"] = 1.0,
            ["mscale"] = 1.0,
            ["mscale_all_dim"] = 1.0,
            ["llama_4_scaling_beta"] = config.TemperatureScale,
        },
        { Scaling.Kind: RopeScalingKind.Yarn } => new()
        {
            ["type"] = "yarn",
            ["factor"] = config.Scaling.Factor,
            ["original_max_position_embeddings"] = config.Scaling.OriginalContext,
            ["attention_factor"] = config.Scaling.AttentionFactor * (1 + 0.1f * MathF.Log(config.Scaling.Factor)),
        },
        _ => null,
    };

    /// <summary>Every byte a token, and the special ones of <see cref="ByteVocabulary"/> behind them.</summary>
    public static void WriteTokenizer(string folder, Action<JsonObject>? change = null, Action<JsonObject>? changeConfig = null)
    {
        var metadata = ByteVocabulary.Metadata().ToDictionary();
        var tokens = (string[])metadata["tokenizer.ggml.tokens"];
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([
                .. tokens
                    .Skip(256)
                    .Select(
                        (token, i) =>
                            new JsonObject
                            {
                                ["id"] = 256 + i,
                                ["content"] = token,
                                ["special"] = true,
                                ["normalized"] = false,
                            }),
            ]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
            ["post_processor"] = JsonNode.Parse("""
                { "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<bos>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }] }
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject(tokens.Take(256).Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
                ["merges"] = new JsonArray(),
            },
        };
        change?.Invoke(json);
        var config = new JsonObject
        {
            ["bos_token"] = "<bos>",
            ["eos_token"] = new JsonObject { ["content"] = "<|end|>" },
            ["pad_token"] = "<pad>",
            ["chat_template"] = (string)metadata["tokenizer.chat_template"],
        };
        changeConfig?.Invoke(config);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
    }
}
