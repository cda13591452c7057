using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Tests;

public class PackedBatchTests
{
    private static readonly PackedBatch Batch = PackedBatch.Create(
        [new([1, 2], [[3, 4, 5], [6, 7]]), new([8], [[9], []])]);

    [Fact]
    public void Create_lays_the_prompt_once_and_leaves_out_last_tokens()
    {
        Assert.Equal([1, 2, 3, 4, 6, 8], Batch.TokenIds);
        Assert.Equal([-1, -1, 0, 0, 1, -1], Batch.Branches);
        Assert.Equal([0, 5, 6], Batch.GroupStarts);
    }

    [Fact]
    public void Create_positions_of_every_branch_go_on_from_the_prompt() => Assert.Equal([0, 1, 2, 3, 2, 0], Batch.Positions);

    [Fact]
    public void Create_each_token_is_predicted_by_the_one_before_it()
    {
        Assert.Equal([1, 2, 3, 1, 4, 5], Batch.Predictors);
        Assert.Equal([3, 4, 5, 6, 7, 9], Batch.Targets);
        Assert.Equal([3, 2, 1, 0], Batch.BranchTokens);
    }

    /// <summary>9 ends thoughts; a completion that has no answer after it is learned whole.</summary>
    [Fact]
    public void Create_thoughts_are_inputs_that_nothing_predicts()
    {
        var batch = PackedBatch.Create([new([1, 2], [[8, 3, 9, 4, 5], [6, 7], [8, 3, 9]])], new ThoughtMarks(8, 9));

        Assert.Equal([1, 2, 8, 3, 9, 4, 6, 8, 3], batch.TokenIds);
        Assert.Equal([2, 2, 3], batch.BranchTokens);
        Assert.Equal([4, 5, 6, 7, 8, 3, 9], batch.Targets);
        Assert.Equal([4, 5, 1, 6, 1, 7, 8], batch.Predictors);
    }

    /// <summary>The group that fills up predicts nothing, and no other sees it.</summary>
    [Theory]
    [InlineData(255, 255, 2)]
    [InlineData(256, 256, 2)]
    [InlineData(257, 320, 3)]
    public void Create_many_rows_are_filled_up_by_a_group_of_their_own(int prompt, int rows, int starts)
    {
        var batch = PackedBatch.Create([new([.. Enumerable.Range(1, prompt)], [[7]])]);

        Assert.Equal((rows, starts, rows), (batch.TokenIds.Length, batch.GroupStarts.Length, batch.GroupStarts[^1]));
        Assert.Equal(prompt, batch.GroupStarts[1]);
        Assert.All(
            Enumerable.Range(prompt, rows - prompt),
            row => Assert.Equal((0, 0, PackedBatch.PromptRow), (batch.TokenIds[row], batch.Positions[row], batch.Branches[row])));
        Assert.Equal([prompt - 1], batch.Predictors);
    }

    [Fact]
    public void Create_empty_prompt_is_refused() =>
        Assert.Throws<ArgumentException>(() => PackedBatch.Create([new([], [[1]])]));
}
