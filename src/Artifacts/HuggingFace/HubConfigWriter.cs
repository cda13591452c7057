using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// Writes a decoder's shape as a <c>config.json</c> that <see cref="HubConfigReader"/> reads as the same, and transformers too.
/// </summary>
internal static class HubConfigWriter
{
    // What all Llama 3 have; which of these divided the frequencies cannot be seen from the quotients.
    private const float LowFrequencies = 1, HighFrequencies = 4;
    private const int FirstContext = 8192;

    public static JsonObject Write(ModelConfig config)
    {
        var family = HubFamily.Of(config)!;
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray($"{family.Class}ForCausalLM"),
            ["model_type"] = family.ModelType,
            ["vocab_size"] = config.VocabSize,
            ["hidden_size"] = config.Dim,
            ["intermediate_size"] = config.FeedForwardDim,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.HeadDim,
            ["hidden_act"] = config.Architecture.Gate == GateKind.Gelu ? "gelu_pytorch_tanh" : "silu",
            ["max_position_embeddings"] = config.ContextLength,
            [family.NormEps] = config.RmsEps,
            ["rope_theta"] = config.RopeBase,
            ["tie_word_embeddings"] = config.TiedEmbeddings,
            ["attention_bias"] = config.Biases.HasFlag(MapBiases.Qkv),
            ["mlp_bias"] = config.Biases.HasFlag(MapBiases.FeedForward),
        };
        if (RopeOf(config) is { } rope) json["rope_scaling"] = rope;
        WriteFactors(json, config);
        WriteBlocks(json, config);
        family.Experts?.Write(json, config);
        if (config.Convolution is not null) HubConvolution.Write(json, config);
        return json;
    }

    /// <summary>How transformers names what a file's weights are stored as.</summary>
    public static string NameOf(TensorType type) => type switch
    {
        TensorType.F16 => "float16",
        TensorType.BF16 => "bfloat16",
        _ => "float32",
    };

    private static void WriteFactors(JsonObject json, ModelConfig config)
    {
        if (config.RopeDim != config.HeadDim) json["partial_rotary_factor"] = (double)config.RopeDim / config.HeadDim;
        if (config.Architecture.RootEmbedding)
        {
            json["hidden_activation"] = "gelu_pytorch_tanh";
            json["query_pre_attn_scalar"] =
                config.Layers == config.Architecture.WholeHeadLayers ? config.Dim / config.Heads : config.HeadDim;
            json["attn_logit_softcapping"] = config.ScoreCap == 0 ? null : config.ScoreCap;
            json["final_logit_softcapping"] = config.LogitCap == 0 ? null : config.LogitCap;
        }
        if (!config.Architecture.Keys.Contains("logit_scale")) return;
        json["embedding_multiplier"] = config.EmbeddingScale;
        json["residual_multiplier"] = config.ResidualScale;
        json["attention_multiplier"] = config.ScoreScale ?? 1 / MathF.Sqrt(config.HeadDim);
        json["logits_scaling"] = config.LogitDivisor;
    }

    private static void WriteBlocks(JsonObject json, ModelConfig config)
    {
        if (config.Architecture.StillEvery > 0)
        {
            json["no_rope_layer_interval"] = config.Architecture.StillEvery;
            json["no_rope_layers"] = new JsonArray([
                .. Enumerable.Range(0, config.Layers).Select(layer => JsonValue.Create(config.AttentionOf(layer).RopeBase > 0 ? 1 : 0)),
            ]);
        }
        if (config.LongContextDivisors is not null) json["original_max_position_embeddings"] = config.MostPositions;
        if (config.Sliding is not { } sliding) return;
        json["sliding_window"] = sliding.Tokens;
        json["layer_types"] = new JsonArray([
            .. Enumerable
                .Range(0, config.Layers)
                .Select(layer => JsonValue.Create(sliding.Slides(layer) ? "sliding_attention" : "full_attention")),
        ]);
        if (config.Architecture.Sliding!.OwnRopeBase) json["rope_local_base_freq"] = sliding.RopeBase;
    }

    private static JsonObject? RopeOf(ModelConfig config) => config switch
    {
        { LongContextDivisors: { } longer } => new()
        {
            ["rope_type"] = "longrope",
            ["short_factor"] = Numbers(config.RopeDivisors!),
            ["long_factor"] = Numbers(longer),
            ["attention_factor"] = config.Scaling.AttentionFactor,
        },
        { RopeDivisors: { } divisors } => new()
        {
            ["rope_type"] = "llama3",
            ["factor"] = divisors.Max(),
            ["low_freq_factor"] = LowFrequencies,
            ["high_freq_factor"] = HighFrequencies,
            ["original_max_position_embeddings"] = FirstContext,
        },
        { Scaling: { Kind: RopeScalingKind.Linear } linear } => new() { ["rope_type"] = "linear", ["factor"] = linear.Factor },
        { Scaling: { Kind: RopeScalingKind.Yarn } yarn } => new()
        {
            ["rope_type"] = "yarn",
            ["factor"] = yarn.Factor,
            ["original_max_position_embeddings"] = yarn.OriginalContext,
            ["attention_factor"] = (float)yarn.Length,
            ["llama_4_scaling_beta"] = config.TemperatureScale,
        },
        _ => null,
    };

    private static JsonArray Numbers(float[] values) => [.. values.Select(value => JsonValue.Create(value))];
}
