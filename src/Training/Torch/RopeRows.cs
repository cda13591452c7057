using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// One kind of rotary embedding runs here: pairs (2i, 2i + 1). Architectures that rotate halves have the rows of their q and k
/// maps put in that order once, when they are read; gates that lie between heads are put behind them then too.
/// </summary>
internal static class RopeRows
{
    /// <summary>From the file's order to this program's.</summary>
    /// <param name="values">A part's rows, [rows, columns]: numbers, or a quantised map's bytes.</param>
    public static T[] FromFile<T>(T[] values, int columns, WeightPart part, ModelConfig config)
    {
        var rows = part.Gated ? Regroup(values, config.HeadDim * columns, config.Heads, 2) : values;
        return Turn(rows, columns, part.Rotated, config, config.Architecture.Rope, RopeKind.Interleaved);
    }

    /// <summary>From this program's order to the file's.</summary>
    public static float[] ToFile(float[] values, int columns, WeightPart part, ModelConfig config)
    {
        var rows = Turn(values, columns, part.Rotated, config, RopeKind.Interleaved, config.Architecture.Rope);
        return part.Gated ? Regroup(rows, config.HeadDim * columns, 2, config.Heads) : rows;
    }

    private static T[] Turn<T>(T[] values, int columns, int rotated, ModelConfig config, RopeKind from, RopeKind to)
    {
        var end = rotated * columns;
        return end == 0 || from == to ? values
            : end == values.Length ? RotaryOrder.Change(values, columns, config, from, to)
            : [.. RotaryOrder.Change(values[..end], columns, config, from, to), .. values[end..]];
    }

    /// <summary>Values [outer, inner, size] as [inner, outer, size].</summary>
    private static T[] Regroup<T>(T[] values, int size, int outer, int inner)
    {
        var result = new T[values.Length];
        for (var o = 0; o < outer; o++)
        {
            for (var i = 0; i < inner; i++)
            {
                values.AsSpan((o * inner + i) * size, size).CopyTo(result.AsSpan((i * outer + o) * size));
            }
        }
        return result;
    }
}
