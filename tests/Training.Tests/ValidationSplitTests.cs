using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Tests;

public class ValidationSplitTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(5, ulong.MaxValue)]
    [InlineData(40, 3)]
    public void Of_parts_the_prompts_and_keeps_every_example(int prompts, ulong seed)
    {
        // Two ids for each prompt: its tokens decide.
        var examples = Enumerable.Range(0, 2 * prompts).Select(i => new PreferencePair($"p{i}", [i % prompts, 7], [i], [9])).ToArray();

        var (training, validation) = ValidationSplit.Of(examples, 0.3, seed);

        Assert.NotEmpty(training);
        Assert.NotEmpty(validation);
        Assert.Equal(Enumerable.Range(0, examples.Length), training.Concat(validation).Order());
        Assert.Empty(training.Select(i => examples[i].PromptIds[0]).Intersect(validation.Select(i => examples[i].PromptIds[0])));
    }

    [Fact]
    public void Of_holds_back_about_the_share()
    {
        var (_, validation) = ValidationSplit.Of(Examples(2000), 0.1, 5);

        Assert.InRange(validation.Length, 150, 250);
    }

    [Fact]
    public void Of_same_seed_puts_a_prompt_on_the_same_side_among_others()
    {
        var all = ValidationSplit.Of(Examples(200), 0.5, 5).Validation.ToHashSet();
        var some = ValidationSplit.Of([.. Examples(200).Take(100)], 0.5, 5).Validation;

        Assert.Subset(all, some.ToHashSet());
        Assert.NotEqual(all, ValidationSplit.Of(Examples(200), 0.5, 6).Validation.ToHashSet());
    }

    [Fact]
    public void Of_one_prompt_says_what_to_do()
    {
        var e = Assert.Throws<UserInputException>(() => ValidationSplit.Of([.. Examples(1), .. Examples(1)], 0.5, 5));

        Assert.Contains("set validation-share = 0", e.Message);
    }

    private static PreferencePair[] Examples(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new PreferencePair($"p{i}", [1, i], [2], [3]))];
}
