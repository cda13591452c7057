using System.Globalization;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>A tensor of a GGUF as Hugging Face's model has it.</summary>
/// <param name="Tensor">Its name and shape in the GGUF.</param>
/// <param name="Parts">Where its values are there, front to back: in one tensor, or each expert's matrix by itself.</param>
/// <param name="IsRotated">Whether its rows are heads in the order of <see cref="ModelArchitecture.Rope"/>, which is half-split
/// there.</param>
/// <param name="IsAroundZero">Whether the GGUF's values are greater by one.</param>
internal sealed record HubTensor(TensorSpec Tensor, IReadOnlyList<HubPart> Parts, bool IsRotated = false, bool IsAroundZero = false)
{
    /// <summary>A tensor that is one there too, with as many values.</summary>
    public HubTensor(string name, int[] shape, TensorSpec tensor, bool isRotated = false, bool isAroundZero = false)
        : this(tensor, [new(name, shape, 0, RowsOf(tensor.Shape))], isRotated, isAroundZero)
    {
    }

    /// <summary>Values of a row, which is what moves as a whole.</summary>
    public int Columns => Tensor.Shape.Length == 1 ? 1 : Tensor.Shape[^1];

    private static int RowsOf(int[] shape) => shape.Length == 1 ? shape[0] : shape[..^1].Aggregate((product, size) => product * size);
}

/// <summary>Rows of a tensor of Hugging Face's model.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Shape">The whole tensor's; all its dimensions but the last make its rows.</param>
/// <param name="Rows">How many, from <paramref name="FirstRow"/> on.</param>
internal sealed record HubPart(string Name, int[] Shape, int FirstRow, int Rows);

/// <summary>The names of tensors in GGUF and in Hugging Face's models: one table, whichever way a model goes.</summary>
internal static class HubNames
{
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["token_embd_norm"] = "model.embedding_norm",
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

    /// <summary>What LFM2 calls otherwise than the others.</summary>
    private static readonly Dictionary<string, string> s_convolving = new()
    {
        ["attn_norm"] = "operator_norm",
        ["ffn_norm"] = "ffn_norm",
        ["attn_q_norm"] = "self_attn.q_layernorm",
        ["attn_k_norm"] = "self_attn.k_layernorm",
        ["attn_output"] = "self_attn.out_proj",
        [ShortConvolution.Input] = "conv.in_proj",
        [ShortConvolution.Kernel] = "conv.conv",
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
    /// <param name="stacked">Whether experts are as <see cref="HubExperts.AreStacked"/> says.</param>
    public static IEnumerable<HubTensor> ListTensors(ModelConfig config, bool stacked = false) =>
        config.ListTensors().Select(tensor => Of(config.Architecture, tensor, stacked));

    /// <summary>The module of a block by its name in GGUF.</summary>
    public static string ModuleOf(ModelArchitecture architecture, int layer, string name) =>
        $"model.layers.{layer}.{NameOf(architecture, name)}";

    /// <summary>Whether a map's rows are heads that rotate.</summary>
    public static bool IsRotated(string name) => name is "attn_q" or "attn_k";

    private static HubTensor Of(ModelArchitecture architecture, TensorSpec tensor, bool stacked)
    {
        // A name of LFM2's has a dot more: blk.0.shortconv.conv.weight.
        var kind = tensor.Name[(tensor.Name.LastIndexOf('.') + 1)..];
        if (tensor.Name.Split('.', 3) is not ["blk", var number, var inBlock])
            return Of(architecture, tensor, s_names[tensor.Name[..^(kind.Length + 1)]], kind);
        var (layer, name) = (int.Parse(number, CultureInfo.InvariantCulture), inBlock[..^(kind.Length + 1)]);
        return HubExperts.IsMap(name)
            ? new(tensor, HubExperts.PartsOf(architecture, $"model.layers.{layer}.", name, tensor.Shape, stacked))
            : Of(architecture, tensor, ModuleOf(architecture, layer, name), kind);
    }

    private static HubTensor Of(ModelArchitecture architecture, TensorSpec tensor, string module, string kind)
    {
        var name = tensor.Name[..^(kind.Length + 1)];
        var inBlock = name[(name.LastIndexOf('.') + 1)..];
        return new(
            $"{module}.{kind}",
            // PyTorch's convolution by channel has one input channel to each.
            name.EndsWith(ShortConvolution.Kernel, StringComparison.Ordinal) ? [tensor.Shape[0], 1, tensor.Shape[1]] : tensor.Shape,
            tensor,
            IsRotated(inBlock),
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
