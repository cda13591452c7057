namespace IterativeDpo.Training.Tests;

public sealed class PromptGroupsTests
{
    [Fact]
    public void Of_any_numbers_keeps_the_order_of_first_appearance()
    {
        int[] numbers = [7, int.MinValue, 7, -1, int.MaxValue, -1, 7];

        var groups = PromptGroups.Of([6, 5, 4, 3, 2, 1, 0], item => numbers[6 - item]);

        Assert.Equal([[6, 4, 0], [5], [3, 1], [2]], Enumerable.Range(0, groups.Count).Select(group => groups[group].ToArray()));
    }

    [Fact]
    public void Of_nothing_is_no_group() => Assert.Equal(0, PromptGroups.Of([], _ => 0).Count);
}
