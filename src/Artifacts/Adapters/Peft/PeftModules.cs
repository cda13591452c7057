using IterativeDpo.Artifacts.HuggingFace;
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
    /// <summary>The maps of every block, in the model's order.</summary>
    public static IEnumerable<PeftModule> Of(ModelConfig config) =>
        from layer in Enumerable.Range(0, config.Layers)
        from map in config.Architecture.Maps
        select new PeftModule(
            ModelConfig.BlockTensor(layer, $"{map}.weight"), map, config.MapShape(map), HubNames.ModuleOf(config.Architecture, layer, map));

    /// <summary>B's rows, [out, rank], from the GGUF's order to Hugging Face's, which rotates halves whatever the architecture.</summary>
    public static float[] RowsToPeft(PeftModule module, float[] b, int rank, ModelConfig config) =>
        HubNames.IsRotated(module.Map) ? RotaryOrder.Change(b, rank, config, config.Architecture.Rope, RopeKind.HalfSplit) : b;

    /// <summary>B's rows, [out, rank], from Hugging Face's order to the GGUF's.</summary>
    public static float[] RowsFromPeft(PeftModule module, float[] b, int rank, ModelConfig config) =>
        HubNames.IsRotated(module.Map) ? RotaryOrder.Change(b, rank, config, RopeKind.HalfSplit, config.Architecture.Rope) : b;
}
