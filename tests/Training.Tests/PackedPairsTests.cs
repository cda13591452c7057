namespace IterativeDpo.Training.Tests;

public class PackedPairsTests
{
    [Fact]
    public void Create_completion_of_two_pairs_is_computed_once()
    {
        var packed = PackedPairs.Create(
            [new("p", [1], [2, 3], [4]), new("q", [7], [8], [9]), new("p", [1], [2, 3], [5, 6])]);

        Assert.Equal([0, 3, 0], packed.Chosen);
        Assert.Equal([1, 4, 2], packed.Rejected);
        Assert.Equal([2, 1, 2, 1, 1], packed.Batch.BranchTokens);
        Assert.Equal([1, 2, 5, 7], packed.Batch.TokenIds);
    }

    [Fact]
    public void Create_different_prompts_under_one_id_stay_apart()
    {
        var packed = PackedPairs.Create([new("p", [1], [2], [3]), new("p", [4], [2], [3])]);

        Assert.Equal([1, 4], packed.Batch.TokenIds);
    }
}
