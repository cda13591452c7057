namespace IterativeDpo.Training.Tests;

public class PairTruncationTests
{
    [Fact]
    public void Apply_long_completion_cuts_its_end()
    {
        var result = PairTruncation.Apply([new("p", [1, 2], [3, 4, 5, 6], [7, 8])], 5);

        var pair = Assert.Single(result.Pairs);
        Assert.Equal([1, 2], pair.PromptIds);
        Assert.Equal([3, 4, 5], pair.ChosenIds);
        Assert.Equal([7, 8], pair.RejectedIds);
        Assert.Equal(0, result.Dropped);
    }

    [Fact]
    public void Apply_pair_equal_after_the_cut_is_dropped_and_counted()
    {
        var result = PairTruncation.Apply([new("p", [1, 2], [3, 4, 5], [3, 4, 6]), new("q", [1], [2], [3])], 4);

        Assert.Equal("q", Assert.Single(result.Pairs).PromptId);
        Assert.Equal(1, result.Dropped);
    }

    [Fact]
    public void Apply_prompt_that_fills_the_length_is_dropped()
    {
        var result = PairTruncation.Apply([new("p", [1, 2, 3], [4], [5])], 3);

        Assert.Empty(result.Pairs);
        Assert.Equal(1, result.Dropped);
    }
}
