using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The rows before each row of a packed batch in its sequence, as indexes: a branch goes on from its prompt. Where a sequence has none so
/// far back, the index is N, of a row of zeros.
/// </summary>
internal sealed class RowHistory
{
    private readonly (Tensor Before, Tensor After, Tensor Branch, Tensor Prompt)[] _lags;

    /// <param name="depth">How far back.</param>
    public RowHistory(PackedBatch batch, int depth, Device device)
    {
        _lags = [.. Enumerable.Range(1, depth).Select(lag => Indexes([.. PackedRun.AllOf(batch)], batch.TokenIds.Length, lag, device))];
    }

    public int Depth => _lags.Length;

    /// <summary>Each row's row so many tokens before it, or zeros, [N, dim].</summary>
    /// <param name="rows">[N, dim].</param>
    /// <param name="lag">1 to <see cref="Depth"/>.</param>
    public Tensor Earlier(Tensor rows, int lag) => WithZeros(rows).index_select(0, _lags[lag - 1].Before);

    /// <summary>The transpose of <see cref="Earlier"/>: the sum of the rows that each row is so many tokens before, [N, dim].</summary>
    public Tensor Later(Tensor rows, int lag)
    {
        var (_, after, branch, prompt) = _lags[lag - 1];
        // The rows at a prompt's end are before a row of each branch.
        return WithZeros(rows).index_select(0, after).index_add_(0, prompt, rows.index_select(0, branch), 1);
    }

    private static Tensor WithZeros(Tensor rows) => cat([rows, zeros(1, rows.size(1), rows.dtype, rows.device)]);

    private static (Tensor, Tensor, Tensor, Tensor) Indexes(PackedRun[] runs, int count, int lag, Device device)
    {
        var (before, after) = (new int[count], new int[count]);
        var (branch, prompt) = (new List<int>(), new List<int>());
        foreach (var run in runs)
        {
            for (var row = run.Start; row < run.End; row++)
            {
                after[row] = row + lag < run.End ? row + lag : count;
                before[row] = row - lag;
                if (row - lag >= run.Start)
                {
                    continue;
                }
                var inPrompt = run.PromptEnd - (run.Start - (row - lag));
                before[row] = !run.IsPrompt && inPrompt >= run.PromptStart ? inPrompt : count;
                if (before[row] != count)
                {
                    branch.Add(row);
                    prompt.Add(inPrompt);
                }
            }
        }
        return (
            Floats.Indexes(before, device),
            Floats.Indexes(after, device),
            Floats.Indexes(branch, device),
            Floats.Indexes(prompt, device));
    }
}
