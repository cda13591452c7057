namespace IterativeDpo.Training.Tests;

public class ExampleMixTests
{
    private static readonly PreferencePair[] Earlier = [.. Enumerable.Range(0, 4).Select(i => Pair($"p{i}", i))];
    private static readonly PreferencePair[] Own = [Pair("p1", 7), Pair("q", 8), Pair("q", 9)];

    private readonly ExampleMix _mix = new(Earlier, [1, 3], Own);

    [Fact]
    public void Mix_has_the_drawn_ones_and_then_the_own() => Assert.Equal([1, 3, 7, 8, 9], _mix.Select(example => example.First[0]));

    [Fact]
    public void SizeOf_prompts_share_a_group_within_one_list_only()
    {
        var groups = Enumerable.Range(0, _mix.Count).Select(i => _mix.SizeOf(i).Group).ToArray();

        Assert.Equal(groups[3], groups[4]);
        Assert.Equal(4, groups.Distinct().Count());
    }

    [Fact]
    public void PlanEpoch_covers_a_mix_once() => Assert.Equal(
        Enumerable.Range(0, 5),
        ExampleBatches.PlanEpoch(_mix, 2, 1000, 3, 0).SelectMany(step => step.MicroBatches).SelectMany(m => m).Order());

    private static PreferencePair Pair(string prompt, int id) => new(prompt, [1], [id], [id + 1]);
}
