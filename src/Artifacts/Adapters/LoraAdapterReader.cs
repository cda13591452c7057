using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Adapters;

/// <summary>Reads an adapter and checks it against the base: llama.cpp does not know which weights an adapter was trained on.</summary>
internal sealed class LoraAdapterReader(GgufFile file, ModelConfig config, Digest baseDigest)
{
    private const string SuffixA = ".lora_a", SuffixB = ".lora_b";

    public LoraAdapter Read()
    {
        RequireKind("general.type", "adapter");
        RequireKind("adapter.type", "lora");
        RequireKind("general.architecture", config.Architecture.Name);
        var manifest = ReadManifest();
        if (manifest.BaseSha256 != baseDigest)
            throw Bad($"this adapter belongs to another base model: it was trained on {manifest.BaseSha256}, and the base given is "
                + $"{baseDigest}. Give the base it was trained on, or an adapter of this base.");
        var alpha = file.Metadata.GetSingle("adapter.lora.alpha");
        if (!float.IsFinite(alpha)) throw Bad($"'adapter.lora.alpha' is {alpha}. Train or export the adapter again.");
        var maps = ReadMaps(out var rank);
        return new(rank, alpha, manifest, maps);
    }

    private AdapterManifest ReadManifest()
    {
        var metadata = file.Metadata;
        if (!metadata.Contains(ManifestKeys.Base))
            throw Bad($"the adapter does not say which base it belongs to (no '{ManifestKeys.Base}'). Use one that was trained by this program.");
        var round = metadata.GetUInt32(ManifestKeys.Round);
        return new(
            ReadDigest(ManifestKeys.Base),
            metadata.Contains(ManifestKeys.Parent) ? ReadDigest(ManifestKeys.Parent) : null,
            metadata.GetString(ManifestKeys.Campaign),
            round <= int.MaxValue ? (int)round : throw Bad($"'{ManifestKeys.Round}' is {round}. Train or export the adapter again."),
            metadata.GetString(ManifestKeys.Settings));
    }

    private Digest ReadDigest(string key)
    {
        try
        {
            return Digest.Parse(file.Metadata.GetString(key));
        }
        catch (FormatException e)
        {
            throw Bad($"'{key}': {e.Message} Train or export the adapter again.");
        }
    }

    private List<LoraMap> ReadMaps(out int rank)
    {
        var maps = new List<LoraMap>();
        rank = 0;
        foreach (var (name, shape) in config.ListBlockMaps())
        {
            var hasA = file.Tensors.TryGetValue(name + SuffixA, out var a);
            var hasB = file.Tensors.TryGetValue(name + SuffixB, out var b);
            if (!hasA && !hasB) continue;
            if (!hasA || !hasB) throw Bad($"tensor '{name}{(hasA ? SuffixB : SuffixA)}' is missing. Train or export the adapter again.");
            if (rank == 0) rank = a!.Shape[0];
            RequireShape(a!, [rank, shape[1]]);
            RequireShape(b!, [shape[0], rank]);
            maps.Add(new(name, file.ReadFloat32(a!), file.ReadFloat32(b!)));
        }
        if (maps.Count == 0) throw Bad("the adapter has no tensor of this model. Give an adapter of this base.");
        if (maps.Count * 2 != file.Tensors.Count) throw Bad($"tensor '{FirstStranger()}' does not belong to any map of the model's blocks. "
            + $"Use an adapter on {string.Join(", ", ModelConfig.BlockMaps)} alone.");
        return maps;
    }

    private string FirstStranger()
    {
        var known = config.ListBlockMaps().SelectMany(tensor => new[] { tensor.Name + SuffixA, tensor.Name + SuffixB }).ToHashSet();
        return file.Tensors.Keys.First(name => !known.Contains(name));
    }

    private void RequireShape(GgufTensor tensor, int[] shape)
    {
        if (!tensor.Shape.AsSpan().SequenceEqual(shape))
            throw Bad($"tensor '{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}], not [{string.Join(", ", shape)}]: "
                + "it fits another base, or its rank differs from the other maps'. Give an adapter of this base.");
    }

    private void RequireKind(string key, string wanted)
    {
        var found = file.Metadata.GetString(key, "model");
        if (found != wanted) throw Bad($"'{key}' is '{found}', where a LoRA adapter of this base has '{wanted}'. Give an adapter of this base.");
    }

    private UserInputException Bad(string problem) => new($"{file.Path}: {problem}");
}
