using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Adapters.Peft;

/// <summary>A map of a block by its name in Hugging Face's model; the same for every architecture this program knows.</summary>
/// <param name="Tensor">The base tensor's name in GGUF.</param>
/// <param name="Map">Its short name, one of <see cref="ModelConfig.Maps"/>.</param>
/// <param name="Shape">[out, in].</param>
/// <param name="Name">The module's name, as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Expert">Which of the tensor's matrices it is.</param>
internal sealed record PeftModule(string Tensor, string Map, int[] Shape, string Name, int Expert = 0)
{
    // What the library puts before a module of the model it wraps.
    private const string Prefix = "base_model.model.";

    public string TensorA => $"{Prefix}{Name}.lora_A.weight";

    public string TensorB => $"{Prefix}{Name}.lora_B.weight";

    /// <summary>The module's share of A or B of the whole tensor.</summary>
    /// <param name="size">Of one matrix.</param>
    public float[] Of(float[] tensor, int size) => size == tensor.Length ? tensor : tensor.AsSpan(Expert * size, size).ToArray();

    /// <summary>The name's last part, as <c>target_modules</c> has it.</summary>
    public string ShortName => Name[(Name.LastIndexOf('.') + 1)..];
}

/// <summary>Translates between GGUF's names and orders and Hugging Face's.</summary>
internal static class PeftModules
{
    /// <summary>
    /// The maps of every block that are linear modules there, in the model's order; experts' maps are one for each expert.
    /// </summary>
    public static IEnumerable<PeftModule> Of(ModelConfig config) =>
        from layer in Enumerable.Range(0, config.Layers)
        from map in config.MapsOf(layer)
        let shape = config.MapShape(map)
        from expert in Enumerable.Range(0, LoraShapes.Matrices(shape))
        let name = ModuleOf(config, layer, map, expert)
        where name is not null
        select new PeftModule(ModelConfig.BlockTensor(layer, $"{map}.weight"), map, shape[^2..], name, expert);

    private static string? ModuleOf(ModelConfig config, int layer, string map, int expert) =>
        !ExpertShape.AllMaps.Contains(map) ? HubNames.ModuleOf(config.Architecture, layer, map)
        : HubExperts.ModuleOf(config.Architecture, map, expert) is { } module ? $"model.layers.{layer}.{module}"
        : null;

    /// <summary>
    /// B's rows, [out, rank], from the GGUF's order to Hugging Face's, which rotates halves whatever the architecture.
    /// </summary>
    public static float[] RowsToPeft(PeftModule module, float[] b, int rank, ModelConfig config) =>
        HubNames.IsRotated(module.Map) ? RotaryOrder.Change(b, rank, config, config.Architecture.Rope, RopeKind.HalfSplit)
        : config.DeltaNet is { } net && module.Map != GatedDeltaNet.Output ? net.Reorder(module.Map, b, rank, toNeighbours: true)
        : b;

    /// <summary>B's rows, [out, rank], from Hugging Face's order to the GGUF's.</summary>
    public static float[] RowsFromPeft(PeftModule module, float[] b, int rank, ModelConfig config) =>
        HubNames.IsRotated(module.Map) ? RotaryOrder.Change(b, rank, config, RopeKind.HalfSplit, config.Architecture.Rope)
        : config.DeltaNet is { } net && module.Map != GatedDeltaNet.Output ? net.Reorder(module.Map, b, rank, toNeighbours: false)
        : b;

    /// <summary>A's columns, [rank, in], from the GGUF's order to Hugging Face's, or back.</summary>
    public static float[] Columns(PeftModule module, float[] a, ModelConfig config, bool toPeft) =>
        config.DeltaNet is { } net && module.Map == GatedDeltaNet.Output ? net.Reorder(module.Map, a, 1, toPeft) : a;
}
