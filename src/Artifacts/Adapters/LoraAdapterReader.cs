using System.Numerics.Tensors;
using System.Text.Json;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Adapters;

/// <summary>Reads an adapter and checks it against the base: llama.cpp does not know which weights an adapter was trained on.</summary>
internal sealed class LoraAdapterReader(GgufFile file, ModelConfig config, Digest baseDigest)
{
    private const string Foreign = "An adapter of another program is taken in by ./dpo import FILE --model BASE --out adapter.gguf.";
    private const string SuffixA = ".lora_a", SuffixB = ".lora_b";

    public LoraAdapter Read()
    {
        RequireKinds();
        var manifest = ReadManifest();
        RequireBase(manifest);
        var maps = ReadMaps();
        var rank = maps[0].Rank;
        if (maps.FirstOrDefault(map => map.Rank != rank) is { Map: { } other } odd)
            throw Bad($"tensor '{other.Tensor}{SuffixA}' has the rank {odd.Rank}, and others have {rank}. {Foreign}");
        return new(rank, ReadAlpha(), manifest, [.. maps.Select(map => map.Map)]);
    }

    public LoraAdapter Import()
    {
        RequireKinds();
        if (file.Metadata.Contains(ManifestKeys.Base)) RequireBase(ReadManifest());
        if (file.Metadata.Contains("adapter.alora.invocation_tokens"))
            throw Bad("the adapter is an aLoRA, which begins at a token. Give a LoRA.");
        var maps = ReadMaps();
        var rank = maps.Max(map => map.Rank);
        // Of 0, llama.cpp takes B A as it is.
        var alpha = ReadAlpha() is not 0 and var said ? said : rank;
        var settings = JsonSerializer.Serialize(new { source = "gguf", name = file.Metadata.GetString("general.name", "") });
        return new(rank, alpha, new(baseDigest, null, "", 0, settings), [.. maps.Select(map => Fit(map.Map, map.Rank, rank, alpha))]);
    }

    /// <summary>The map at the common rank and alpha: its update stays what llama.cpp makes of it.</summary>
    private LoraMap Fit(LoraMap map, int from, int rank, float alpha)
    {
        if (!TensorPrimitives.IsFiniteAll<float>(map.A) || !TensorPrimitives.IsFiniteAll<float>(map.B))
            throw Bad($"the update of '{map.Tensor}' has values that are not finite. Train the adapter again.");
        if (from == rank) return map;
        var matrices = LoraShapes.Matrices(config.ListBlockMaps().First(tensor => tensor.Name == map.Tensor).Shape);
        var (a, b, size) = (new float[map.A.Length / from * rank], new float[map.B.Length / from * rank], map.A.Length / matrices);
        for (var matrix = 0; matrix < matrices; matrix++)
            map.A.AsSpan(matrix * size, size).CopyTo(a.AsSpan(matrix * (size / from * rank)));
        var scale = (file.Metadata.GetSingle("adapter.lora.alpha") is not 0 and var said ? said / from : 1) * rank / alpha;
        for (var row = 0; row < b.Length / rank; row++)
            TensorPrimitives.Multiply(map.B.AsSpan(row * from, from), scale, b.AsSpan(row * rank, from));
        return new(map.Tensor, a, b);
    }

    private void RequireKinds()
    {
        RequireKind("general.type", "adapter");
        RequireKind("adapter.type", "lora");
        RequireKind("general.architecture", config.Architecture.Name);
    }

    private void RequireBase(AdapterManifest manifest)
    {
        if (manifest.BaseSha256 != baseDigest)
            throw Bad($"this adapter belongs to another base model: it was trained on {manifest.BaseSha256}, and the base given is "
                + $"{baseDigest}. Give the base it was trained on, or an adapter of this base.");
    }

    private float ReadAlpha() => file.Metadata.GetSingle("adapter.lora.alpha") is var alpha && float.IsFinite(alpha)
        ? alpha
        : throw Bad($"'adapter.lora.alpha' is {alpha}. Train or export the adapter again.");

    private AdapterManifest ReadManifest()
    {
        var metadata = file.Metadata;
        if (!metadata.Contains(ManifestKeys.Base))
            throw Bad($"the adapter does not say which base it belongs to (no '{ManifestKeys.Base}'). {Foreign}");
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

    private List<(LoraMap Map, int Rank)> ReadMaps()
    {
        var maps = new List<(LoraMap, int)>();
        foreach (var (name, shape) in config.ListBlockMaps())
        {
            var hasA = file.Tensors.TryGetValue(name + SuffixA, out var a);
            var hasB = file.Tensors.TryGetValue(name + SuffixB, out var b);
            if (!hasA && !hasB) continue;
            if (!hasA || !hasB) throw Bad($"tensor '{name}{(hasA ? SuffixB : SuffixA)}' is missing. Train or export the adapter again.");
            var rank = a!.Shape is [.., var rows, _] ? rows : 0;
            RequireShape(a, LoraShapes.A(shape, rank));
            RequireShape(b!, LoraShapes.B(shape, rank));
            maps.Add((new(name, file.ReadFloat32(a), file.ReadFloat32(b!)), rank));
        }
        if (maps.Count == 0) throw Bad("the adapter has no tensor of this model. Give an adapter of this base.");
        if (maps.Count * 2 != file.Tensors.Count) throw Bad($"tensor '{FirstStranger()}' does not belong to any map of the model's blocks. "
            + $"Use an adapter on {string.Join(", ", config.Maps)} alone.");
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
        if (found != wanted)
            throw Bad($"'{key}' is '{found}', where a LoRA adapter of this base has '{wanted}'. Give an adapter of this base.");
    }

    private UserInputException Bad(string problem) => new($"{file.Path}: {problem}");
}
