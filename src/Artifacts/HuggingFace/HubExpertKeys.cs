using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>What a family's configurations say of experts, and by which keys. What llama.cpp does in one way alone must be so.</summary>
/// <param name="Count">The key of how many there are.</param>
internal sealed record HubExpertKeys(string Count)
{
    // The key that newer versions of the library have in every family.
    private const string NewCount = "num_local_experts";

    private const string Used = "num_experts_per_tok";

    /// <summary>Of one's inside.</summary>
    public string Width { get; init; } = "intermediate_size";

    /// <summary>Of the shared one's inside; null where there is none.</summary>
    public string? SharedWidth { get; init; }

    /// <summary>Whether weights are divided by their sum; null where the family has no choice.</summary>
    public string? Normalises { get; init; }

    public ExpertShape Read(HubJson config, ExpertRule rule)
    {
        var key = config.Has(Count) || !config.Has(NewCount) ? Count : NewCount;
        var (count, used) = (config.Size(key), config.Size(Used));
        config.Require(count <= ExpertRule.Most, key, $"{count} is over {ExpertRule.Most}, the most that llama.cpp takes");
        config.Require(config.Integer(NewCount, count) == count, NewCount, $"it is not the {count} of '{key}'");
        config.Require(used <= count, Used, $"{used} of {count} experts");
        if (Normalises is not null)
            config.Require(
                config.Flag(Normalises, false) == rule.Normalised,
                Normalises,
                $"in this family llama.cpp {(rule.Normalised ? "divides the weights of a token's experts by their sum" : "takes the weights of a token's experts as they are")}");
        config.Require(config.Integer("decoder_sparse_step", 1) == 1, "decoder_sparse_step", "llama.cpp has experts in every block");
        config.Require(!config.Items("mlp_only_layers").Any(), "mlp_only_layers", "llama.cpp has experts in every block");
        config.Require(!config.Has("clip_qkv"), "clip_qkv", "llama.cpp does not clip queries, keys and values here");
        return new(count, used, config.Size(Width), ReadShared(config, rule));
    }

    public void Write(JsonObject json, ModelConfig config)
    {
        var experts = config.Experts!;
        json[Count] = experts.Count;
        json[Used] = experts.Used;
        json[Width] = experts.FeedForwardDim;
        if (SharedWidth is not null) json[SharedWidth] = experts.SharedDim;
        if (Normalises is not null) json[Normalises] = config.Architecture.Experts!.Normalised;
    }

    private int ReadShared(HubJson config, ExpertRule rule)
    {
        if (SharedWidth is null) return 0;
        if (rule.Shared == SharedExpert.Gated) return config.Size(SharedWidth);
        var width = config.Integer(SharedWidth, 0);
        config.Require(width >= 0, SharedWidth, $"{width} is under 0");
        return width;
    }
}
