namespace IterativeDpo.Artifacts.Models;

/// <summary>The expert that all tokens go to beside those chosen for them.</summary>
public enum SharedExpert
{
    None,

    /// <summary>A model may have one.</summary>
    Optional,

    /// <summary>Every model has one, and each token a gate on it: σ of the product with <c>ffn_gate_inp_shexp</c>.</summary>
    Gated,
}

/// <summary>
/// How a family's experts are used (arXiv 1701.06538): a token goes to the k of them that the softmax over the router's logits likes best,
/// and gets the sum of what they give, weighted by these probabilities.
/// </summary>
/// <param name="Normalised">Whether the k weights are divided by their sum.</param>
/// <param name="Optional">Whether a model of the family may have none, and a dense feed-forward.</param>
/// <param name="OwnWidth">Whether their width is a key of its own, and not <c>feed_forward_length</c>.</param>
public sealed record ExpertRule(
    bool Normalised, bool Optional = false, bool OwnWidth = false, SharedExpert Shared = SharedExpert.None)
{
    /// <summary>llama.cpp ends the process on more.</summary>
    public const int Most = 512;
}

/// <summary>The experts of each block.</summary>
/// <param name="Count">E.</param>
/// <param name="Used">k, at most E.</param>
/// <param name="FeedForwardDim">Width of one's inside.</param>
/// <param name="SharedDim">Width of the shared one's inside; 0: there is none.</param>
public sealed record ExpertShape(int Count, int Used, int FeedForwardDim, int SharedDim = 0)
{
    /// <summary>The map that chooses experts: a row for each.</summary>
    public const string Router = "ffn_gate_inp";

    /// <summary>The gate on the shared expert, [dim]: a vector, and no target of adapters.</summary>
    public const string SharedGate = "ffn_gate_inp_shexp";

    private static readonly string[] s_maps = [Router, "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"];

    private static readonly string[] s_sharedMaps = ["ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"];

    /// <summary>All maps that a block with experts can have in the place of a dense feed-forward's.</summary>
    public static readonly IReadOnlyList<string> AllMaps = [.. s_maps, .. s_sharedMaps];

    /// <summary>These experts' maps by their GGUF names.</summary>
    public IEnumerable<string> Maps => SharedDim > 0 ? AllMaps : s_maps;

    /// <summary>Shape of one of the maps: [out, in], or of all experts' [E, out, in]; null where it is none of them.</summary>
    public int[]? ShapeOf(string map, int dim) => map switch
    {
        Router => [Count, dim],
        "ffn_gate_exps" or "ffn_up_exps" => [Count, FeedForwardDim, dim],
        "ffn_down_exps" => [Count, dim, FeedForwardDim],
        "ffn_gate_shexp" or "ffn_up_shexp" => [SharedDim, dim],
        "ffn_down_shexp" => [dim, SharedDim],
        _ => null,
    };
}

/// <summary>The keys of models with experts.</summary>
internal static class ExpertKeys
{
    public const string Count = "expert_count", Used = "expert_used_count", Groups = "expert_group_count",
        GroupsUsed = "expert_group_used_count", Width = "expert_feed_forward_length", SharedWidth = "expert_shared_feed_forward_length";

    /// <summary>Those that any file may have, where they are 0 in a dense one.</summary>
    public static readonly IReadOnlyList<string> Common = [Count, Used, Groups, GroupsUsed];

    /// <summary>Those of one family beside them.</summary>
    public static IEnumerable<string> Of(ExpertRule rule) =>
    [
        .. rule.OwnWidth ? [Width] : Array.Empty<string>(),
        .. rule.Shared == SharedExpert.None ? Array.Empty<string>() : [SharedWidth],
    ];
}
