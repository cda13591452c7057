namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// The order of the rows of a q or k map: elements that rotate together are neighbours, or half a head apart (<see cref="RopeKind"/>).
/// Changing it is a permutation within each head; scores do not change when q and k move alike.
/// </summary>
public static class RotaryOrder
{
    /// <param name="rows">[heads × headDim, columns], row-major: numbers, or a quantised map's bytes.</param>
    /// <returns>A new array, or the same where nothing changes.</returns>
    public static T[] Change<T>(T[] rows, int columns, ModelConfig config, RopeKind from, RopeKind to)
    {
        if (from == to) return rows;
        var result = new T[rows.Length];
        for (var row = 0; row < rows.Length / columns; row++)
        {
            var (head, inHead) = Math.DivRem(row, config.HeadDim);
            var split = head * config.HeadDim + SplitRow(inHead, config.RopeDim);
            var (source, target) = to == RopeKind.HalfSplit ? (row, split) : (split, row);
            rows.AsSpan(source * columns, columns).CopyTo(result.AsSpan(target * columns));
        }
        return result;
    }

    /// <summary>Where a row of a head in the interleaved order is in the half-split one.</summary>
    private static int SplitRow(int row, int ropeDim) => row >= ropeDim ? row : row / 2 + row % 2 * (ropeDim / 2);
}
