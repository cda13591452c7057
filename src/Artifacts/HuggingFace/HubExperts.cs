using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// The names of experts' maps. In folders each map of each expert is a linear module, as in transformers up to version 4; later versions
/// save them so too, but may be told to save all experts of a block as one parameter. Granite's and gpt-oss's always were.
/// </summary>
internal static class HubExperts
{
    private const string Gate = "ffn_gate_exps", Up = "ffn_up_exps", Down = "ffn_down_exps";

    /// <summary>The linear module of a map of a block, or null where there is none.</summary>
    /// <param name="map">One of <see cref="ExpertShape.AllMaps"/>.</param>
    /// <param name="expert">Which expert's; of a map that is not the experts' it does not matter.</param>
    public static string? ModuleOf(ModelArchitecture architecture, string map, int expert) => (architecture.Name, map) switch
    {
        ("llama", ExpertShape.Router) => "block_sparse_moe.gate",
        ("llama", Gate) => $"block_sparse_moe.experts.{expert}.w1",
        ("llama", Up) => $"block_sparse_moe.experts.{expert}.w3",
        ("llama", Down) => $"block_sparse_moe.experts.{expert}.w2",
        ("granitemoe", ExpertShape.Router) => "block_sparse_moe.router.layer",
        ("granitemoe", "ffn_down_shexp") => "shared_mlp.output_linear",
        ("granitemoe" or "gpt-oss", _) => null,
        (_, ExpertShape.Router) => "mlp.gate",
        (_, Gate) => $"mlp.experts.{expert}.gate_proj",
        (_, Up) => $"mlp.experts.{expert}.up_proj",
        (_, Down) => $"mlp.experts.{expert}.down_proj",
        (_, "ffn_gate_shexp") => "mlp.shared_expert.gate_proj",
        (_, "ffn_up_shexp") => "mlp.shared_expert.up_proj",
        (_, "ffn_down_shexp") => "mlp.shared_expert.down_proj",
        _ => null,
    };

    /// <summary>Whether a folder has the experts of a block as one parameter, by what it has in its first.</summary>
    public static bool AreStacked(Func<string, int[]?> shapeOf) => shapeOf("model.layers.0.mlp.experts.gate_up_proj") is not null;

    /// <summary>Whether a tensor of a block belongs to its experts, by its name in GGUF.</summary>
    public static bool IsMap(string name) => name == ExpertShape.SharedGate || ExpertShape.AllMaps.Contains(name);

    /// <summary>Where a map's matrices are in a folder, one after another.</summary>
    /// <param name="block">What comes before names within the block.</param>
    /// <param name="map">For which <see cref="IsMap"/> holds.</param>
    /// <param name="shape">In the GGUF: [out, in], of experts [E, out, in], of the shared expert's gate [in].</param>
    public static IReadOnlyList<HubPart> PartsOf(ModelArchitecture architecture, string block, string map, int[] shape, bool stacked)
    {
        if (map == ExpertShape.SharedGate) return [new($"{block}mlp.shared_expert_gate.weight", [1, .. shape], 0, shape[0])];
        var (rows, columns, experts) = (shape[^2], shape[^1], shape.Length == 2 ? 1 : shape[0]);
        var (name, place, count) = ParameterOf(architecture, map, stacked);
        return name is null
            ?
            [
                .. Enumerable.Range(0, experts)
                    .Select(expert => new HubPart($"{block}{ModuleOf(architecture, map, expert)}.weight", [rows, columns], 0, rows)),
            ]
            :
            [
                .. Enumerable.Range(0, experts)
                    .Select(expert => new HubPart(
                        block + name,
                        [.. shape[..^2], count * rows, columns],
                        (expert * count + place) * rows,
                        rows)),
            ];
    }

    /// <summary>The parameter that has all of a map, which of its shares of each expert's rows that is, and how many there are.</summary>
    private static (string? Name, int Place, int Count) ParameterOf(ModelArchitecture architecture, string map, bool stacked) =>
        (architecture.Name, map) switch
        {
            ("granitemoe", Gate) => ("block_sparse_moe.input_linear.weight", 0, 2),
            ("granitemoe", Up) => ("block_sparse_moe.input_linear.weight", 1, 2),
            ("granitemoe", Down) => ("block_sparse_moe.output_linear.weight", 0, 1),
            ("granitemoe", "ffn_gate_shexp") => ("shared_mlp.input_linear.weight", 0, 2),
            ("granitemoe", "ffn_up_shexp") => ("shared_mlp.input_linear.weight", 1, 2),
            (_, Gate) when stacked => ("mlp.experts.gate_up_proj", 0, 2),
            (_, Up) when stacked => ("mlp.experts.gate_up_proj", 1, 2),
            (_, Down) when stacked => ("mlp.experts.down_proj", 0, 1),
            // Beside stacked experts Mixtral has its router where the others have theirs.
            (_, ExpertShape.Router) when stacked => ("mlp.gate.weight", 0, 1),
            _ => default,
        };
}
