using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// One kind of rotary embedding runs here: pairs (2i, 2i + 1). Architectures that rotate halves, (i, i + ropeDim/2), have the
/// rows of their q and k maps put in that order once, when they are read; scores do not change, as q and k move alike.
/// </summary>
internal static class RopeRows
{
    /// <summary>From the file's order to this program's.</summary>
    /// <param name="values">A map's rows, [heads × headDim, columns].</param>
    public static float[] FromFile(float[] values, int columns, ModelConfig config) => Reorder(values, columns, config, toFile: false);

    /// <summary>From this program's order to the file's.</summary>
    public static float[] ToFile(float[] values, int columns, ModelConfig config) => Reorder(values, columns, config, toFile: true);

    private static float[] Reorder(float[] values, int columns, ModelConfig config, bool toFile)
    {
        if (config.Architecture.Rope == RopeKind.Interleaved)
        {
            return values;
        }
        var result = new float[values.Length];
        for (var row = 0; row < values.Length / columns; row++)
        {
            var (head, inHead) = Math.DivRem(row, config.HeadDim);
            var fileRow = head * config.HeadDim + FileRow(inHead, config.RopeDim);
            var (from, to) = toFile ? (row, fileRow) : (fileRow, row);
            values.AsSpan(from * columns, columns).CopyTo(result.AsSpan(to * columns));
        }
        return result;
    }

    private static int FileRow(int row, int ropeDim) => row >= ropeDim ? row : row / 2 + row % 2 * (ropeDim / 2);
}
