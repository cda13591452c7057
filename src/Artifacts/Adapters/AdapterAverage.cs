using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Adapters;

/// <summary>
/// A moving average of adapters: average ← decay · average + (1 − decay) · adapter, each matrix by itself. See docs/decisions/008 for why
/// of A and B and not of their product.
/// </summary>
public static class AdapterAverage
{
    /// <summary>Writes the average with the adapter in it: the same files give the same bytes.</summary>
    /// <param name="modelPath">The base GGUF of all of them.</param>
    /// <inheritdoc cref="Next"/>
    /// <exception cref="UserInputException">An adapter is damaged or another base's, or the two have other shapes.</exception>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public static void Write(string path, string modelPath, string? average, string adapter, double decay, AdapterManifest manifest)
    {
        using var model = GgufFile.Open(modelPath);
        var config = ModelConfig.Read(model);
        LoraAdapter Read(string file) => LoraAdapter.Read(file, config, manifest.BaseSha256);
        Next(average is null ? null : Read(average), Read(adapter), decay, manifest).Write(path, config);
    }

    /// <param name="average">The average so far; null is the base, which is an adapter with the A of the first one and B = 0.</param>
    /// <param name="adapter">The adapter to be taken in; the average has its shape.</param>
    /// <param name="decay">From 0, the adapter itself, to 1, the average as it was.</param>
    /// <exception cref="UserInputException">The two have other shapes: no average of their matrices has a meaning.</exception>
    public static LoraAdapter Next(LoraAdapter? average, LoraAdapter adapter, double decay, AdapterManifest manifest)
    {
        average ??= adapter with { Maps = [.. adapter.Maps.Select(map => map with { B = new float[map.B.Length] })] };
        if (average.Rank != adapter.Rank
            || average.Alpha != adapter.Alpha
            || !average.Maps.Select(map => map.Tensor).SequenceEqual(adapter.Maps.Select(map => map.Tensor)))
        {
            throw new UserInputException(
                $"an adapter of rank {adapter.Rank}, alpha {adapter.Alpha} on {adapter.Maps.Count} maps cannot be averaged with one of rank {average.Rank}, "
                + $"alpha {average.Alpha} on {average.Maps.Count} maps. Keep the adapter's shape in a campaign.");
        }
        return adapter with
        {
            Manifest = manifest,
            Maps = [.. average.Maps.Zip(adapter.Maps, (a, b) => new LoraMap(b.Tensor, Mix(a.A, b.A, decay), Mix(a.B, b.B, decay)))],
        };
    }

    private static float[] Mix(float[] average, float[] next, double decay) =>
        [.. average.Zip(next, (a, b) => (float)(decay * a + (1 - decay) * b))];
}
