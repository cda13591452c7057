using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>
/// The names of experts' maps in transformers up to version 4, where each map of each expert is a linear module. Where all experts of a
/// block are one parameter, as in Granite's, there is no such module, and a map has no name here.
/// </summary>
internal static class HubExperts
{
    /// <summary>The module of a map of a block, or null.</summary>
    /// <param name="map">One of <see cref="ExpertShape.AllMaps"/>.</param>
    /// <param name="expert">Which expert's; of a map that is not the experts' it does not matter.</param>
    public static string? ModuleOf(ModelArchitecture architecture, string map, int expert) => (architecture.Name, map) switch
    {
        ("llama", ExpertShape.Router) => "block_sparse_moe.gate",
        ("llama", "ffn_gate_exps") => $"block_sparse_moe.experts.{expert}.w1",
        ("llama", "ffn_up_exps") => $"block_sparse_moe.experts.{expert}.w3",
        ("llama", "ffn_down_exps") => $"block_sparse_moe.experts.{expert}.w2",
        ("granitemoe", ExpertShape.Router) => "block_sparse_moe.router.layer",
        ("granitemoe", "ffn_down_shexp") => "shared_mlp.output_linear",
        ("granitemoe", _) => null,
        (_, ExpertShape.Router) => "mlp.gate",
        (_, "ffn_gate_exps") => $"mlp.experts.{expert}.gate_proj",
        (_, "ffn_up_exps") => $"mlp.experts.{expert}.up_proj",
        (_, "ffn_down_exps") => $"mlp.experts.{expert}.down_proj",
        (_, "ffn_gate_shexp") => "mlp.shared_expert.gate_proj",
        (_, "ffn_up_shexp") => "mlp.shared_expert.up_proj",
        (_, "ffn_down_shexp") => "mlp.shared_expert.down_proj",
        _ => null,
    };
}
