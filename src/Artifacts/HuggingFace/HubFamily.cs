namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>A kind of model as Hugging Face's configurations name it.</summary>
/// <param name="ModelType">The configuration's <c>model_type</c>.</param>
/// <param name="Class">The class of <c>architectures</c>, without its <c>ForCausalLM</c>.</param>
/// <param name="Architecture">The GGUF's <c>general.architecture</c>.</param>
internal sealed record HubFamily(string ModelType, string Class, string Architecture)
{
    /// <summary>
    /// The first of an architecture is what models without windows are written as; those with windows are written as the last.
    /// </summary>
    public static readonly IReadOnlyList<HubFamily> All =
    [
        new("llama", "Llama", "llama"),
        new("mistral", "Mistral", "llama"),
        new("ministral3", "Ministral3", "mistral3"),
        new("qwen2", "Qwen2", "qwen2"),
        new("qwen3", "Qwen3", "qwen3"),
        new("gemma2", "Gemma2", "gemma2"),
        new("gemma3_text", "Gemma3", "gemma3"),
        new("smollm3", "SmolLM3", "smollm3"),
        new("phi3", "Phi3", "phi3"),
        new("olmo2", "Olmo2", "olmo2"),
        new("olmo3", "Olmo3", "olmo2"),
        new("granite", "Granite", "granite"),
    ];

    /// <summary>What Gemma 3's configurations leave out where it is so.</summary>
    private static readonly Dictionary<string, double> s_gemma3 = new()
    {
        ["num_attention_heads"] = 8,
        ["num_key_value_heads"] = 4,
        ["head_dim"] = 256,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 1e6,
        ["sliding_window"] = 4096,
        ["max_position_embeddings"] = 131072,
        ["query_pre_attn_scalar"] = 256,
    };

    /// <summary>What a key is where the configuration does not have it; null: it must.</summary>
    public double? Absent(string key) => ModelType == "gemma3_text" && s_gemma3.TryGetValue(key, out var value) ? value : null;
}
