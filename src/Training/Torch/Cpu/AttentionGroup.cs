namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// A prompt and its branches as columns of scores: each run's keys begin at a column of their own, and are padded with zeros to whole
/// <see cref="Lanes"/>.
/// </summary>
/// <param name="Keys">The batch row of each key, and its column.</param>
/// <param name="Columns">Of all runs; the prompt's are the first.</param>
/// <param name="Shares">The wanted queries, some at a time, divided among threads.</param>
internal sealed record AttentionGroup((int Row, int Column)[] Keys, int Columns, QueryPiece[][] Shares)
{
    /// <summary>A long group's queries are divided in so many shares at most.</summary>
    public const int MostShares = 4;

    // A share's pieces outweigh reading the keys once more.
    private const int PiecesOfShare = 16;

    /// <summary>Columns of the piece that has most.</summary>
    public int MostColumns { get; } = Shares.SelectMany(pieces => pieces).Select(piece => piece.Columns).DefaultIfEmpty(0).Max();

    public bool IsDivided => Shares.Length > 1;

    /// <param name="window">See <see cref="IterativeDpo.Artifacts.Models.BlockAttention"/>.</param>
    public static IEnumerable<AttentionGroup> AllOf(PackedBatch batch, int[] places, int queriesAtOnce, int window) =>
        PackedRun.AllOf(batch).GroupBy(run => run.PromptStart, (_, runs) => Of([.. runs], places, queriesAtOnce, window));

    private static AttentionGroup Of(PackedRun[] runs, int[] places, int queriesAtOnce, int window)
    {
        var keys = new List<(int, int)>();
        var pieces = new List<QueryPiece>();
        var column = 0;
        foreach (var run in runs)
        {
            for (var start = run.Start; start < run.End; start += queriesAtOnce)
            {
                var end = Math.Min(run.End, start + queriesAtOnce);
                var rows = Enumerable.Range(start, end - start).Where(row => places[row] >= 0).ToArray();
                if (rows.Length > 0)
                {
                    pieces.Add(new(rows, run, column, Lanes.Pad(end - run.Start), window));
                }
            }
            keys.AddRange(Enumerable.Range(0, run.Length).Select(i => (run.Start + i, column + i)));
            column += Lanes.Pad(run.Length);
        }
        var shares = Math.Clamp(pieces.Count / PiecesOfShare, 1, MostShares);
        // By turns: later pieces of a run see more keys.
        return new(
            [.. keys],
            column,
            [.. Enumerable.Range(0, shares).Select(share => pieces.Where((_, i) => i % shares == share).ToArray())]);
    }
}

/// <summary>Some queries of a run. Their scores have the prompt's columns first, where the run is a branch, and then its own.</summary>
/// <param name="Rows">The batch row of each query.</param>
/// <param name="Column">The run's first column in the group.</param>
/// <param name="OwnColumns">How many of them a query may see, padded.</param>
/// <param name="Window">How many keys a query sees at most, itself among them; 0: all before it.</param>
internal sealed record QueryPiece(int[] Rows, PackedRun Run, int Column, int OwnColumns, int Window)
{
    private readonly int _promptKeys = Run.PromptEnd - Run.PromptStart;

    private int PromptColumns => Lanes.Pad(_promptKeys);

    public int Columns => PromptColumns + OwnColumns;

    /// <summary>Columns that lie together: in the scores from the first number on, in the group from the second.</summary>
    public (int Score, int Group, int Count)[] Parts { get; } = PartsOf(Lanes.Pad(Run.PromptEnd - Run.PromptStart), Column, OwnColumns);

    /// <summary>
    /// Fills a query's scores where it does not see: padding after the prompt, its own run after itself, and what is before its window.
    /// </summary>
    public void Hide(Span<float> scores, int query, float value)
    {
        scores[_promptKeys..PromptColumns].Fill(value);
        scores[(PromptColumns + Rows[query] - Run.Start + 1)..].Fill(value);
        if (Window > 0)
        {
            HideBefore(scores, _promptKeys + Rows[query] - Run.Start + 1 - Window, value);
        }
    }

    private void HideBefore(Span<float> scores, int position, float value)
    {
        scores[..Math.Clamp(position, 0, _promptKeys)].Fill(value);
        scores.Slice(PromptColumns, Math.Max(0, position - _promptKeys)).Fill(value);
    }

    private static (int Score, int Group, int Count)[] PartsOf(int promptColumns, int column, int ownColumns) =>
        promptColumns == 0 ? [(0, column, ownColumns)] : [(0, 0, promptColumns), (promptColumns, column, ownColumns)];
}
