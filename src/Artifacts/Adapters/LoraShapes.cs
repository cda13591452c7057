namespace IterativeDpo.Artifacts.Adapters;

/// <summary>
/// The shapes of A and B by that of the map they are on, [out, in]. Those of experts, [E, out, in], lie behind each other as llama.cpp has
/// them: an adapter of its own for each.
/// </summary>
public static class LoraShapes
{
    /// <summary>[rank, in], or [E, rank, in].</summary>
    public static int[] A(int[] map, int rank) => [.. map[..^2], rank, map[^1]];

    /// <summary>[out, rank], or [E, out, rank].</summary>
    public static int[] B(int[] map, int rank) => [.. map[..^1], rank];

    /// <summary>How many matrices the map is.</summary>
    public static int Matrices(int[] map) => map.Length == 2 ? 1 : map[0];

    /// <summary>Values of A and B together.</summary>
    public static long Values(int[] map, int rank) => (long)rank * Matrices(map) * (map[^2] + map[^1]);
}
