using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Adapters.Peft;

/// <summary>A map of a block by its name in Hugging Face's model; the same for every architecture this program knows.</summary>
/// <param name="Tensor">The base tensor's name in GGUF.</param>
/// <param name="Map">Its short name, one of <see cref="ModelArchitecture.Maps"/>.</param>
/// <param name="Shape">[out, in].</param>
/// <param name="Name">The module's name, as <c>model.layers.0.self_attn.q_proj</c>.</param>
internal sealed record PeftModule(string Tensor, string Map, int[] Shape, string Name)
{
    // What the library puts before a module of the model it wraps.
    private const string Prefix = "base_model.model.";

    public string TensorA => $"{Prefix}{Name}.lora_A.weight";

    public string TensorB => $"{Prefix}{Name}.lora_B.weight";

    /// <summary>The name's last part, as <c>target_modules</c> has it.</summary>
    public string ShortName => Name[(Name.LastIndexOf('.') + 1)..];
}

/// <summary>Translates between GGUF's names and orders and Hugging Face's.</summary>
internal static class PeftModules
{
    private static readonly Dictionary<string, string> NamesInBlock = new()
    {
        ["attn_qkv"] = "self_attn.qkv_proj",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary>The maps of every block, in the model's order.</summary>
    public static IEnumerable<PeftModule> Of(ModelConfig config) =>
        from layer in Enumerable.Range(0, config.Layers)
        from map in config.Architecture.Maps
        select new PeftModule(
            ModelConfig.BlockTensor(layer, $"{map}.weight"), map, config.MapShape(map), $"model.layers.{layer}.{NameInBlock(map, config)}");

    /// <summary>B's rows, [out, rank], from the GGUF's order to Hugging Face's, which rotates halves whatever the architecture.</summary>
    public static float[] RowsToPeft(PeftModule module, float[] b, int rank, ModelConfig config) =>
        IsRotated(module) ? RotaryOrder.Change(b, rank, config, config.Architecture.Rope, RopeKind.HalfSplit) : b;

    /// <summary>B's rows, [out, rank], from Hugging Face's order to the GGUF's.</summary>
    public static float[] RowsFromPeft(PeftModule module, float[] b, int rank, ModelConfig config) =>
        IsRotated(module) ? RotaryOrder.Change(b, rank, config, RopeKind.HalfSplit, config.Architecture.Rope) : b;

    // Gate and up of a fused model are one module, gate first, as in its GGUF.
    private static string NameInBlock(string map, ModelConfig config) =>
        map == "ffn_up" && config.Architecture.Fused ? "mlp.gate_up_proj" : NamesInBlock[map];

    private static bool IsRotated(PeftModule module) => module.Map is "attn_q" or "attn_k";
}
