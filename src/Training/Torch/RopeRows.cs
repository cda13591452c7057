using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// One kind of rotary embedding runs here: pairs (2i, 2i + 1). Architectures that rotate halves have the rows of their q and k
/// maps put in that order once, when they are read.
/// </summary>
internal static class RopeRows
{
    /// <summary>From the file's order to this program's.</summary>
    /// <param name="values">A map's rows, [heads × headDim, columns]: numbers, or a quantised map's bytes.</param>
    public static T[] FromFile<T>(T[] values, int columns, ModelConfig config) =>
        RotaryOrder.Change(values, columns, config, config.Architecture.Rope, RopeKind.Interleaved);

    /// <summary>From this program's order to the file's.</summary>
    public static float[] ToFile(float[] values, int columns, ModelConfig config) =>
        RotaryOrder.Change(values, columns, config, RopeKind.Interleaved, config.Architecture.Rope);
}
