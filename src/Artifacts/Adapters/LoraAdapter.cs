using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Adapters;

/// <summary>The update of one map: ΔW = (alpha / rank) B A.</summary>
/// <param name="Tensor">The base tensor's name, <c>blk.N.{map}.weight</c>.</param>
/// <param name="A">[rank, in], row-major; of experts [E, rank, in].</param>
/// <param name="B">[out, rank], row-major; of experts [E, out, rank].</param>
public sealed record LoraMap(string Tensor, float[] A, float[] B);

/// <summary>A LoRA adapter (arXiv 2106.09685), stored in float32 as a llama.cpp adapter GGUF with its manifest in the metadata.</summary>
public sealed record LoraAdapter(int Rank, float Alpha, AdapterManifest Manifest, IReadOnlyList<LoraMap> Maps)
{
    /// <summary>Reads an adapter and checks that it belongs to the base model. Maps come in the model's order.</summary>
    /// <param name="config">The base model's shape.</param>
    /// <param name="baseDigest">The base model file's digest.</param>
    /// <exception cref="UserInputException">Not an adapter, damaged, or made for another base.</exception>
    public static LoraAdapter Read(string path, ModelConfig config, Digest baseDigest)
    {
        using var file = GgufFile.Open(path);
        return new LoraAdapterReader(file, config, baseDigest).Read();
    }

    /// <summary>
    /// Takes an adapter GGUF that another program made, such as llama.cpp's convert_lora_to_gguf.py: nothing says which base it was trained
    /// on, so its shapes must fit this one. Maps of lower rank than the largest get zeros.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public static LoraAdapter Import(string path, ModelConfig config, Digest baseDigest)
    {
        using var file = GgufFile.Open(path);
        return new LoraAdapterReader(file, config, baseDigest).Import();
    }

    /// <summary>Writes the adapter for the base model of that shape, whole or not at all: the same adapter gives the same bytes.</summary>
    /// <exception cref="StorageException">No space, no permission.</exception>
    /// <exception cref="ArgumentException">A map is not the model's, or its arrays do not have its shape.</exception>
    public void Write(string path, ModelConfig config)
    {
        var writer = new GgufWriter()
            .Set("general.type", "adapter")
            .Set("general.architecture", config.Architecture.Name)
            .Set("adapter.type", "lora")
            .Set("adapter.lora.alpha", Alpha)
            .Set(ManifestKeys.Base, Manifest.BaseSha256.Hex)
            .Set(ManifestKeys.Campaign, Manifest.Campaign)
            .Set(ManifestKeys.Round, (uint)Manifest.Round)
            .Set(ManifestKeys.Settings, Manifest.SettingsJson);
        if (Manifest.ParentSha256 is { } parent) writer.Set(ManifestKeys.Parent, parent.Hex);
        foreach (var map in Maps) Add(writer, map, config);
        writer.Write(path);
    }

    private void Add(GgufWriter writer, LoraMap map, ModelConfig config)
    {
        if (config.ListBlockMaps().FirstOrDefault(tensor => tensor.Name == map.Tensor) is not { Shape: var shape })
            throw new ArgumentException($"'{map.Tensor}' is not a map of the base model.");
        var (a, b) = (LoraShapes.A(shape, Rank), LoraShapes.B(shape, Rank));
        if (map.A.Length != a.Aggregate(1, (x, y) => x * y) || map.B.Length != b.Aggregate(1, (x, y) => x * y))
            throw new ArgumentException($"'{map.Tensor}' needs A [{string.Join(", ", a)}] and B [{string.Join(", ", b)}].");
        writer.Add($"{map.Tensor}.lora_a", a, TensorType.F32, map.A);
        writer.Add($"{map.Tensor}.lora_b", b, TensorType.F32, map.B);
    }
}

/// <summary>The manifest's metadata keys.</summary>
internal static class ManifestKeys
{
    public const string Base = "iterativedpo.base_sha256";
    public const string Parent = "iterativedpo.parent_sha256";
    public const string Campaign = "iterativedpo.campaign";
    public const string Round = "iterativedpo.round";
    public const string Settings = "iterativedpo.settings";
}
