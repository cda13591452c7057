using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>A tensor of a GGUF as Hugging Face's model has it.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Tensor">Its name and shape in the GGUF; the shape is the same there.</param>
/// <param name="IsRotated">Whether its rows are heads in the order of <see cref="ModelArchitecture.Rope"/>, which is half-split
/// there.</param>
/// <param name="IsAroundZero">Whether the GGUF's values are greater by one.</param>
internal sealed record HubTensor(string Name, TensorSpec Tensor, bool IsRotated, bool IsAroundZero);

/// <summary>The names of tensors in GGUF and in Hugging Face's models: one table, whichever way a model goes.</summary>
internal static class HubNames
{
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
        ["attn_norm"] = "input_layernorm",
        ["attn_qkv"] = "self_attn.qkv_proj",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["attn_output"] = "self_attn.o_proj",
        ["post_attention_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
        ["post_ffw_norm"] = "post_feedforward_layernorm",
    };

    /// <summary>The maps that LFM2 calls otherwise than the others.</summary>
    private static readonly Dictionary<string, string> s_convolving = new()
    {
        ["attn_output"] = "self_attn.out_proj",
        [ShortConvolution.Input] = "conv.in_proj",
        [ShortConvolution.Output] = "conv.out_proj",
        ["ffn_gate"] = "feed_forward.w1",
        ["ffn_up"] = "feed_forward.w3",
        ["ffn_down"] = "feed_forward.w2",
    };

    /// <summary>The maps that blocks with a <see cref="GatedDeltaNet"/> have.</summary>
    private static readonly Dictionary<string, string> s_deltaNet = new()
    {
        [GatedDeltaNet.Input] = "linear_attn.in_proj_qkv",
        [GatedDeltaNet.Gate] = "linear_attn.in_proj_z",
        [GatedDeltaNet.Beta] = "linear_attn.in_proj_b",
        [GatedDeltaNet.Alpha] = "linear_attn.in_proj_a",
        [GatedDeltaNet.Output] = "linear_attn.out_proj",
    };

    /// <summary>Every weight of the model, in the GGUF's order.</summary>
    public static IEnumerable<HubTensor> ListTensors(ModelConfig config) =>
        config.ListTensors().Select(tensor => Of(config.Architecture, tensor));

    /// <summary>The module of a block by its name in GGUF.</summary>
    public static string ModuleOf(ModelArchitecture architecture, int layer, string name) =>
        $"model.layers.{layer}.{NameOf(architecture, name)}";

    /// <summary>Whether a map's rows are heads that rotate.</summary>
    public static bool IsRotated(string name) => name is "attn_q" or "attn_k";

    private static HubTensor Of(ModelArchitecture architecture, TensorSpec tensor)
    {
        var (layer, name, kind) = tensor.Name.Split('.') is ["blk", var number, var inBlock, var ending]
            ? (int.Parse(number, System.Globalization.CultureInfo.InvariantCulture), inBlock, ending)
            : (-1, tensor.Name[..tensor.Name.LastIndexOf('.')], "weight");
        var module = layer < 0 ? s_names[name] : ModuleOf(architecture, layer, name);
        return new(
            $"{module}.{kind}",
            tensor,
            IsRotated(name),
            architecture.NormsAroundZero && name.EndsWith("norm", StringComparison.Ordinal));
    }

    private static string NameOf(ModelArchitecture architecture, string name) => name switch
    {
        _ when architecture.Convolves && s_convolving.TryGetValue(name, out var own) => own,
        _ when architecture.HasDeltaNets && s_deltaNet.TryGetValue(name, out var own) => own,
        // Gate and up of a fused model are one module, gate first, as in its GGUF.
        "ffn_up" when architecture.Fused => "mlp.gate_up_proj",
        // With norms behind attention too that one has the name.
        "ffn_norm" => architecture.NormsAfter ? "pre_feedforward_layernorm" : s_names["post_attention_norm"],
        _ => s_names[name],
    };
}
