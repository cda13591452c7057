using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// One kind of rotary embedding runs here: pairs (2i, 2i + 1). Architectures that rotate halves have the rows of their q and k
/// maps put in that order once, when they are read.
/// </summary>
internal static class RopeRows
{
    /// <summary>From the file's order to this program's.</summary>
    /// <param name="values">A map's rows, [rows, columns]: numbers, or a quantised map's bytes.</param>
    /// <param name="rotated">See <see cref="WeightPart"/>.</param>
    public static T[] FromFile<T>(T[] values, int columns, int rotated, ModelConfig config) =>
        Change(values, columns, rotated, config, config.Architecture.Rope, RopeKind.Interleaved);

    /// <summary>From this program's order to the file's.</summary>
    public static float[] ToFile(float[] values, int columns, int rotated, ModelConfig config) =>
        Change(values, columns, rotated, config, RopeKind.Interleaved, config.Architecture.Rope);

    private static T[] Change<T>(T[] values, int columns, int rotated, ModelConfig config, RopeKind from, RopeKind to)
    {
        var end = rotated * columns;
        return end == 0 || from == to ? values
            : end == values.Length ? RotaryOrder.Change(values, columns, config, from, to)
            : [.. RotaryOrder.Change(values[..end], columns, config, from, to), .. values[end..]];
    }
}
