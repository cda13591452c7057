using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Adapters;

/// <summary>Adapters with seeded values for the tiny model.</summary>
internal static class TinyAdapter
{
    public static readonly Digest Base = Digest.Of([1]);

    /// <param name="maps">Short names; every map of every block if none is given.</param>
    public static LoraAdapter Create(ModelConfig config, int rank = 4, float alpha = 8, params string[] maps) => new(
        rank, alpha, new(Base, null, "", 0, "{}"),
        [.. config.ListBlockMaps()
            .Where(tensor => maps.Length == 0 || maps.Any(map => tensor.Name.Contains($".{map}.")))
            .Select(tensor => new LoraMap(
                tensor.Name,
                Values(LoraShapes.A(tensor.Shape, rank).Aggregate((x, y) => x * y), tensor.Name + "a"),
                Values(LoraShapes.B(tensor.Shape, rank).Aggregate((x, y) => x * y), tensor.Name + "b"))),
    ]);

    private static float[] Values(int count, string name)
    {
        var random = new Random(name.Select((c, i) => c * (i + 1)).Sum());
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
