namespace IterativeDpo.Training.Tests;

public class PackedExamplesTests
{
    [Fact]
    public void Create_completion_of_two_pairs_is_computed_once()
    {
        var packed = PackedExamples.Create(
            [Pair("p", [1], [2, 3], [4]), Pair("q", [7], [8], [9]), Pair("p", [1], [2, 3], [5, 6])]);

        Assert.Equal([0, 3, 0], packed.First);
        Assert.Equal([1, 4, 2], packed.Second);
        Assert.Equal([2, 1, 2, 1, 1], packed.Batch.BranchTokens);
        Assert.Equal([1, 2, 5, 7], packed.Batch.TokenIds);
    }

    [Fact]
    public void Create_different_prompts_under_one_id_stay_apart()
    {
        var packed = PackedExamples.Create([Pair("p", [1], [2], [3]), Pair("p", [4], [2], [3])]);

        Assert.Equal([1, 4], packed.Batch.TokenIds);
    }

    private static PreferencePair Pair(string promptId, int[] prompt, int[] chosen, int[] rejected) =>
        new(promptId, prompt, chosen, rejected);
}
