using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.HuggingFace;

/// <summary>
/// The experts of a <see cref="TinyFolder"/>: names, keys and layouts as the library's own code has them, by family.
/// </summary>
internal static class TinyExperts
{
    /// <summary>Whether a tensor of the GGUF belongs to experts.</summary>
    public static bool IsOne(string tensor) =>
        tensor.Contains("exps", StringComparison.Ordinal) || tensor.Contains("shexp", StringComparison.Ordinal)
        || tensor.Contains("gate_inp", StringComparison.Ordinal);

    public static void AddKeys(JsonObject json, ExpertShape experts, string modelType)
    {
        json["num_experts_per_tok"] = experts.Used;
        json[modelType is "mixtral" or "granitemoe" or "granitemoeshared" ? "num_local_experts" : "num_experts"] = experts.Count;
        if (modelType.StartsWith("qwen", StringComparison.Ordinal))
        {
            json["intermediate_size"] = 48;
            json["moe_intermediate_size"] = experts.FeedForwardDim;
            json["decoder_sparse_step"] = 1;
            json["mlp_only_layers"] = new JsonArray();
        }
        if (modelType == "qwen2_moe") json["shared_expert_intermediate_size"] = experts.SharedDim;
        if (modelType == "granitemoeshared") json["shared_intermediate_size"] = experts.SharedDim;
        if (modelType is "qwen2_moe" or "qwen3_moe" or "olmoe") json["norm_topk_prob"] = modelType == "qwen3_moe";
    }

    /// <summary>The tensors there that begin with this one's values: none where another one before it has them.</summary>
    public static IEnumerable<(string Name, int[] Shape, float[] Values)> Of(ModelConfig config, TensorSpec tensor, bool stacked)
    {
        var (block, name) = ($"model.layers.{tensor.Name.Split('.')[1]}.", tensor.Name.Split('.')[2]);
        var values = TinyFolder.Values(config, tensor);
        float[] Other(string map) => TinyFolder.Values(config, tensor with { Name = $"blk.{tensor.Name.Split('.')[1]}.{map}.weight" });
        return (config.Architecture.Name, name) switch
        {
            ("granitemoe", "ffn_gate_inp") => [($"{block}block_sparse_moe.router.layer.weight", tensor.Shape, values)],
            ("granitemoe", "ffn_gate_exps") => [GateAndUp($"{block}block_sparse_moe.input_linear.weight", values, Other("ffn_up_exps"))],
            ("granitemoe", "ffn_down_exps") => [($"{block}block_sparse_moe.output_linear.weight", tensor.Shape, values)],
            ("granitemoe", "ffn_gate_shexp") => [GateAndUp($"{block}shared_mlp.input_linear.weight", values, Other("ffn_up_shexp"))],
            ("granitemoe", "ffn_down_shexp") => [($"{block}shared_mlp.output_linear.weight", tensor.Shape, values)],
            ("granitemoe", _) => [],
            (_, "ffn_gate_exps") when stacked => [GateAndUp($"{block}mlp.experts.gate_up_proj", values, Other("ffn_up_exps"))],
            (_, "ffn_up_exps") when stacked => [],
            (_, "ffn_down_exps") when stacked => [($"{block}mlp.experts.down_proj", tensor.Shape, values)],
            ("llama", "ffn_gate_inp") when !stacked => [($"{block}block_sparse_moe.gate.weight", tensor.Shape, values)],
            ("llama", "ffn_gate_exps") => Each("block_sparse_moe.experts.", "w1"),
            ("llama", "ffn_up_exps") => Each("block_sparse_moe.experts.", "w3"),
            ("llama", "ffn_down_exps") => Each("block_sparse_moe.experts.", "w2"),
            (_, "ffn_gate_inp") => [($"{block}mlp.gate.weight", tensor.Shape, values)],
            (_, "ffn_gate_inp_shexp") => [($"{block}mlp.shared_expert_gate.weight", [1, tensor.Shape[0]], values)],
            (_, "ffn_gate_shexp") => [($"{block}mlp.shared_expert.gate_proj.weight", tensor.Shape, values)],
            (_, "ffn_up_shexp") => [($"{block}mlp.shared_expert.up_proj.weight", tensor.Shape, values)],
            (_, "ffn_down_shexp") => [($"{block}mlp.shared_expert.down_proj.weight", tensor.Shape, values)],
            (_, "ffn_gate_exps") => Each("mlp.experts.", "gate_proj"),
            (_, "ffn_up_exps") => Each("mlp.experts.", "up_proj"),
            _ => Each("mlp.experts.", "down_proj"),
        };

        IEnumerable<(string Name, int[] Shape, float[] Values)> Each(string experts, string map) => values
            .Chunk(values.Length / tensor.Shape[0])
            .Select((matrix, expert) => ($"{block}{experts}{expert}.{map}.weight", tensor.Shape[1..], matrix));

        // Of each expert the gate's rows, and then up's.
        (string Name, int[] Shape, float[] Values) GateAndUp(string together, float[] gates, float[] ups)
        {
            var size = tensor.Shape[^2] * tensor.Shape[^1];
            return (together, [.. tensor.Shape[..^2], 2 * tensor.Shape[^2], tensor.Shape[^1]],
                [.. gates.Chunk(size).Zip(ups.Chunk(size)).SelectMany(expert => expert.First.Concat(expert.Second))]);
        }
    }
}
