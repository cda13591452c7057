using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training;

/// <summary>A prompt and the completions of it that a forward pass computes.</summary>
public sealed record PackedGroup(int[] PromptIds, IReadOnlyList<int[]> Completions);

/// <summary>
/// Groups laid end to end without padding: the prompt once, then each completion as a branch that sees the prompt and
/// itself only, its positions going on from the prompt's. A completion's last token is not an input: it predicts nothing. Tokens of a
/// completion that are not learned are inputs, and nothing predicts them. Many rows are filled up (<see cref="RowCounts"/>) by those of a
/// group that predicts nothing, token 0 at position 0.
/// </summary>
public sealed class PackedBatch
{
    /// <summary>A row's <see cref="Branches"/> value where it belongs to the prompt.</summary>
    public const int PromptRow = -1;

    private PackedBatch(IReadOnlyList<PackedGroup> groups, ThoughtMarks? thoughts)
    {
        var rows = groups.Sum(g => g.PromptIds.Length + g.Completions.Sum(c => Math.Max(0, c.Length - 1)));
        BranchTokens = [.. groups.SelectMany(g => g.Completions).Select(c => c.Length - (thoughts?.Before(c) ?? 0))];
        var predictions = BranchTokens.Sum();
        var filled = RowCounts.FillUpMany(rows);
        TokenIds = new int[filled];
        Positions = new int[filled];
        Branches = new int[filled];
        Array.Fill(Branches, PromptRow);
        GroupStarts = new int[groups.Count + (filled > rows ? 2 : 1)];
        GroupStarts[^1] = filled;
        Predictors = new int[predictions];
        Targets = new int[predictions];
        Fill(groups);
    }

    /// <summary>Input ids, [N].</summary>
    public int[] TokenIds { get; }

    /// <summary>Position of each row in its sequence, [N].</summary>
    public int[] Positions { get; }

    /// <summary>The branch of each row, counted over the batch, or <see cref="PromptRow"/>, [N].</summary>
    public int[] Branches { get; }

    /// <summary>First row of each group, and N at the end, [G + 1].</summary>
    public int[] GroupStarts { get; }

    /// <summary>The row whose output predicts each completion token that is learned, [M].</summary>
    public int[] Predictors { get; }

    /// <summary>These tokens, branch by branch, [M].</summary>
    public int[] Targets { get; }

    /// <summary>How many they are of each branch, [S].</summary>
    public int[] BranchTokens { get; }

    /// <param name="thoughts">What is thought before an answer is not learned; null: it is.</param>
    /// <exception cref="ArgumentException">A prompt is empty: nothing would predict the first token.</exception>
    public static PackedBatch Create(IReadOnlyList<PackedGroup> groups, ThoughtMarks? thoughts = null)
    {
        if (groups.Any(g => g.PromptIds.Length == 0))
        {
            throw new ArgumentException("A prompt needs one token or more.", nameof(groups));
        }
        return new(groups, thoughts);
    }

    private void Fill(IReadOnlyList<PackedGroup> groups)
    {
        int row = 0, prediction = 0, branch = 0;
        for (var g = 0; g < groups.Count; g++)
        {
            GroupStarts[g] = row;
            var prompt = groups[g].PromptIds;
            row = AddRows(prompt, 0, PromptRow, row);
            var lastPromptRow = row - 1;
            foreach (var completion in groups[g].Completions)
            {
                for (var t = completion.Length - BranchTokens[branch]; t < completion.Length; t++, prediction++)
                {
                    Predictors[prediction] = t == 0 ? lastPromptRow : row + t - 1;
                    Targets[prediction] = completion[t];
                }
                row = AddRows(completion.AsSpan(0, Math.Max(0, completion.Length - 1)), prompt.Length, branch, row);
                branch++;
            }
        }
        GroupStarts[groups.Count] = row;
    }

    private int AddRows(ReadOnlySpan<int> ids, int firstPosition, int branch, int row)
    {
        for (var t = 0; t < ids.Length; t++, row++)
        {
            TokenIds[row] = ids[t];
            Positions[row] = firstPosition + t;
            Branches[row] = branch;
        }
        return row;
    }
}
