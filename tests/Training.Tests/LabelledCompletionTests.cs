namespace IterativeDpo.Training.Tests;

public class LabelledCompletionTests
{
    [Fact]
    public void FromPairs_gives_a_desirable_and_an_undesirable_one_of_each()
    {
        var examples = LabelledCompletion.FromPairs([new("p", [1], [2], [3])]);

        Assert.Equal([(2, true), (3, false)], examples.Select(e => (e.CompletionIds[0], e.Desirable)));
    }

    [Fact]
    public void FromPairs_mismatch_is_the_nearest_earlier_completion_of_another_prompt()
    {
        var examples = LabelledCompletion.FromPairs([new("p", [1], [2], [3]), new("q", [4], [5], [6]), new("r", [7], [8], [9])]);

        Assert.Equal([9, 9, 3, 3, 6, 6], examples.Select(e => e.MismatchedIds[0]));
    }

    [Fact]
    public void FromPairs_one_prompt_has_no_mismatch() =>
        Assert.All(LabelledCompletion.FromPairs([new("p", [1], [2], [3])]), example => Assert.Empty(example.MismatchedIds));
}
