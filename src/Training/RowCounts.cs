namespace IterativeDpo.Training;

/// <summary>
/// How many rows products are given. LibTorch prepares a product anew for each number of rows (oneDNN compiles its code), which takes a
/// small model as long as the product, and hardly any two batches have equally many. Filled up to a multiple, their numbers come again.
/// </summary>
internal static class RowCounts
{
    public const int Step = 64;

    /// <summary>The multiple that so many rows are filled up to.</summary>
    public static int FillUp(int rows) => (rows + Step - 1) / Step * Step;

    /// <summary>The same where it adds less than a fourth; a few rows stay as they are.</summary>
    public static int FillUpMany(int rows) => rows < 4 * Step ? rows : FillUp(rows);
}
