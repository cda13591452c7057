namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// A prompt and its branches as columns of scores: each run's keys begin at a column of their own, and are padded with zeros to whole
/// <see cref="Lanes"/>.
/// </summary>
/// <param name="Keys">The batch row of each key, and its column.</param>
/// <param name="Columns">Of all runs; the prompt's are the first.</param>
/// <param name="Pieces">The wanted queries, some at a time.</param>
internal sealed record AttentionGroup((int Row, int Column)[] Keys, int Columns, QueryPiece[] Pieces)
{
    public static IEnumerable<AttentionGroup> AllOf(PackedBatch batch, int[] places, int queriesAtOnce) =>
        PackedRun.AllOf(batch).GroupBy(run => run.PromptStart, (_, runs) => Of([.. runs], places, queriesAtOnce));

    private static AttentionGroup Of(PackedRun[] runs, int[] places, int queriesAtOnce)
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
                    pieces.Add(new(rows, run, column, Lanes.Pad(end - run.Start)));
                }
            }
            keys.AddRange(Enumerable.Range(0, run.Length).Select(i => (run.Start + i, column + i)));
            column += Lanes.Pad(run.Length);
        }
        return new([.. keys], column, [.. pieces]);
    }
}

/// <summary>Some queries of a run. Their scores have the prompt's columns first, where the run is a branch, and then its own.</summary>
/// <param name="Rows">The batch row of each query.</param>
/// <param name="Column">The run's first column in the group.</param>
/// <param name="OwnColumns">How many of them a query may see, padded.</param>
internal sealed record QueryPiece(int[] Rows, PackedRun Run, int Column, int OwnColumns)
{
    private readonly int _promptColumns = Lanes.Pad(Run.PromptEnd - Run.PromptStart);

    public int Columns => _promptColumns + OwnColumns;

    /// <summary>Columns that lie together in the scores, from the first on, and in the group, from the second on.</summary>
    public (int Score, int Group, int Count)[] Parts { get; } = Run.IsPrompt
        ? [(0, Column, OwnColumns)]
        : [(0, 0, Lanes.Pad(Run.PromptEnd - Run.PromptStart)), (Lanes.Pad(Run.PromptEnd - Run.PromptStart), Column, OwnColumns)];

    /// <summary>Fills a query's scores where it does not see: padding after the prompt, and its own run after itself.</summary>
    public void Hide(Span<float> scores, int query, float value)
    {
        scores[(Run.PromptEnd - Run.PromptStart).._promptColumns].Fill(value);
        scores[(_promptColumns + Rows[query] - Run.Start + 1)..].Fill(value);
    }
}
