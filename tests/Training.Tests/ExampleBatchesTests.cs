namespace IterativeDpo.Training.Tests;

public class ExampleBatchesTests
{
    private static readonly PreferencePair[] Pairs =
        [.. Enumerable.Range(0, 50).Select(i => new PreferencePair($"p{i / 2}", [1, 2, 3], [4, i], [5]))];

    [Fact]
    public void PlanEpoch_covers_every_pair_once_in_full_steps()
    {
        var steps = ExampleBatches.PlanEpoch(Pairs, 8, 1000, 7, 0);

        Assert.Equal([8, 8, 8, 8, 8, 8, 2], steps.Select(s => s.Examples));
        Assert.Equal(Enumerable.Range(0, 50), steps.SelectMany(s => s.MicroBatches).SelectMany(m => m).Order());
    }

    [Fact]
    public void PlanEpoch_same_seed_gives_the_same_order()
    {
        Assert.Equal(Order(7, 0), Order(7, 0));
        Assert.NotEqual(Order(7, 0), Order(8, 0));
        Assert.NotEqual(Order(7, 0), Order(7, 1));
    }

    [Fact]
    public void PlanEpoch_keeps_the_pairs_of_a_prompt_together()
    {
        foreach (var micro in ExampleBatches.PlanEpoch(Pairs, 8, 1000, 7, 0).SelectMany(s => s.MicroBatches))
        {
            Assert.All(micro.GroupBy(i => Pairs[i].PromptId), group => Assert.Equal(2, group.Count()));
        }
    }

    [Fact]
    public void PlanEpoch_counts_the_first_completions_tokens() =>
        Assert.All(ExampleBatches.PlanEpoch(Pairs, 8, 1000, 7, 0), step => Assert.Equal(2 * step.Examples, step.FirstTokens));

    [Fact]
    public void SplitByTokens_stays_under_the_limit()
    {
        // A prompt's two pairs take 3 + 2 * 3 tokens.
        var passes = ExampleBatches.SplitByTokens(Pairs, Enumerable.Range(0, 50), 20);

        Assert.All(passes, pass => Assert.True(pass.Length <= 4));
        Assert.Equal(13, passes.Count);
    }

    [Fact]
    public void SplitByTokens_prompt_over_the_limit_is_computed_in_several_passes() =>
        Assert.Equal([1, 1, 1, 1], ExampleBatches.SplitByTokens(Pairs, [0, 1, 2, 3], 1).Select(pass => pass.Length));

    private static int[] Order(ulong seed, int epoch) =>
        [.. ExampleBatches.PlanEpoch(Pairs, 8, 1000, seed, epoch).SelectMany(s => s.MicroBatches).SelectMany(m => m)];
}
