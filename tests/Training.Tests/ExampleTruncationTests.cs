namespace IterativeDpo.Training.Tests;

public class ExampleTruncationTests
{
    [Fact]
    public void Apply_long_completion_cuts_its_end()
    {
        var result = ExampleTruncation.Apply([Pair("p", [1, 2], [3, 4, 5, 6], [7, 8])], 5);

        var pair = Assert.IsType<PreferencePair>(Assert.Single(result.Examples));
        Assert.Equal([1, 2], pair.PromptIds);
        Assert.Equal([3, 4, 5], pair.ChosenIds);
        Assert.Equal([7, 8], pair.RejectedIds);
        Assert.Equal(0, result.Dropped);
    }

    [Fact]
    public void Apply_pair_equal_after_the_cut_is_dropped_and_counted()
    {
        var result = ExampleTruncation.Apply([Pair("p", [1, 2], [3, 4, 5], [3, 4, 6]), Pair("q", [1], [2], [3])], 4);

        Assert.Equal("q", Assert.Single(result.Examples).PromptId);
        Assert.Equal(1, result.Dropped);
    }

    [Fact]
    public void Apply_prompt_that_fills_the_length_is_dropped()
    {
        var result = ExampleTruncation.Apply([Pair("p", [1, 2, 3], [4], [5])], 3);

        Assert.Empty(result.Examples);
        Assert.Equal(1, result.Dropped);
    }

    [Fact]
    public void Apply_labelled_completion_is_cut_with_its_mismatch()
    {
        var result = ExampleTruncation.Apply([new LabelledCompletion("p", [1, 2], [3, 4, 5], true, [6, 7, 8])], 4);

        var example = Assert.IsType<LabelledCompletion>(Assert.Single(result.Examples));
        Assert.Equal([3, 4], example.CompletionIds);
        Assert.Equal([6, 7], example.MismatchedIds);
    }

    [Fact]
    public void Apply_labelled_completion_without_room_is_dropped() =>
        Assert.Equal(1, ExampleTruncation.Apply([new LabelledCompletion("p", [1, 2], [3], true, [4])], 2).Dropped);

    private static PreferencePair Pair(string promptId, int[] prompt, int[] chosen, int[] rejected) =>
        new(promptId, prompt, chosen, rejected);
}
