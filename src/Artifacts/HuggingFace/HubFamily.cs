using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>A kind of model as Hugging Face's configurations name it.</summary>
/// <param name="ModelType">The configuration's <c>model_type</c>.</param>
/// <param name="Class">The class of <c>architectures</c>, without its <c>ForCausalLM</c>.</param>
/// <param name="Architecture">The GGUF's <c>general.architecture</c>.</param>
/// <param name="Experts">The keys of a mixture of experts; null where each block has one dense feed-forward.</param>
internal sealed record HubFamily(string ModelType, string Class, string Architecture, HubExpertKeys? Experts = null)
{
    public static readonly IReadOnlyList<HubFamily> All =
    [
        new("llama", "Llama", "llama"),
        new("mistral", "Mistral", "llama"),
        new("mixtral", "Mixtral", "llama", new("num_local_experts")),
        new("ministral3", "Ministral3", "mistral3"),
        new("qwen2", "Qwen2", "qwen2"),
        new("qwen2_moe", "Qwen2Moe", "qwen2moe", new("num_experts")
        {
            Width = "moe_intermediate_size",
            SharedWidth = "shared_expert_intermediate_size",
            Normalises = "norm_topk_prob",
        }),
        new("qwen3", "Qwen3", "qwen3"),
        new("qwen3_moe", "Qwen3Moe", "qwen3moe", new("num_experts") { Width = "moe_intermediate_size", Normalises = "norm_topk_prob" }),
        new("gemma2", "Gemma2", "gemma2"),
        new("gemma3_text", "Gemma3", "gemma3"),
        new("smollm3", "SmolLM3", "smollm3"),
        new("phi3", "Phi3", "phi3"),
        new("olmo2", "Olmo2", "olmo2"),
        new("olmo3", "Olmo3", "olmo2"),
        new("olmoe", "Olmoe", "olmoe", new("num_experts") { Normalises = "norm_topk_prob" }),
        new("granite", "Granite", "granite"),
        new("granitemoe", "GraniteMoe", "granitemoe", new("num_local_experts")),
        new("granitemoeshared", "GraniteMoeShared", "granitemoe", new("num_local_experts") { SharedWidth = "shared_intermediate_size" }),
        new("lfm2", "Lfm2", "lfm2"),
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

    /// <summary>The key of ε.</summary>
    public string NormEps => ModelType == "lfm2" ? "norm_eps" : "rms_norm_eps";

    /// <summary>What a model is written as; null where its family has no folders here.</summary>
    public static HubFamily? Of(ModelConfig config) => All.FirstOrDefault(family =>
        family.Architecture == config.Architecture.Name && family.ModelType switch
        {
            "mixtral" => config.Experts is not null,
            "llama" => config.Experts is null,
            "olmo3" => config.Sliding is not null,
            "olmo2" => config.Sliding is null,
            "granitemoeshared" => config.Experts!.SharedDim > 0,
            "granitemoe" => config.Experts!.SharedDim == 0,
            // What sets it apart from llama is a window, of which a GGUF does not know.
            "mistral" => false,
            _ => true,
        });

    /// <summary>What a key is where the configuration does not have it; null: it must.</summary>
    public double? Absent(string key) => (ModelType, key) switch
    {
        ("gemma3_text", _) when s_gemma3.TryGetValue(key, out var value) => value,
        ("mixtral" or "lfm2", "rope_theta") => 1e6,
        ("lfm2", "norm_eps") => 1e-5,
        _ => null,
    };
}
