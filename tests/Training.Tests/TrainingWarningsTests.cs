namespace IterativeDpo.Training.Tests;

public class TrainingWarningsTests
{
    private static readonly ITrainingExample[] _pairs = [new PreferencePair("p", [1], [2], [3])];

    [Fact]
    public void Of_more_warmup_than_a_quarter_of_the_steps_says_what_is_taken() =>
        Assert.Equal(
            "training.warmup-steps = 10 are more than a quarter of the 2 steps there are, so the learning rate rises over 1 in their place; training.warmup-ratio says how many otherwise",
            Assert.Single(TrainingWarnings.Of(Tiny.Options with { WarmupSteps = 10 }, _pairs, 2)));

    [Theory]
    [InlineData(10, 0, 40)]
    [InlineData(0, 0, 1)]
    [InlineData(10, 0.1f, 2)]
    public void Of_a_warmup_that_leaves_room_says_nothing(int warmup, float ratio, int steps) =>
        Assert.Empty(TrainingWarnings.Of(Tiny.Options with { WarmupSteps = warmup, WarmupRatio = ratio }, _pairs, steps));

    [Fact]
    public void Of_a_ratio_of_all_steps_says_so() =>
        Assert.Contains(
            "up to the last of the 5 steps",
            Assert.Single(TrainingWarnings.Of(Tiny.Options with { WarmupRatio = 1 }, _pairs, 5)));

    [Theory]
    [InlineData("dpo_d", 1, true)]
    [InlineData("dpo_d", 0.5, false)]
    [InlineData("sigmoid", 1, false)]
    public void Of_a_loss_of_ties_without_one_says_so(string loss, double probability, bool warns)
    {
        var options = Tiny.Options with { Loss = new LossOptions(loss) };
        ITrainingExample[] pairs = [.. _pairs, new PreferencePair("q", [1], [2], [3], probability)];

        Assert.Equal(
            warns,
            TrainingWarnings
                .Of(options, pairs, 40)
                .Any(warning => warning.Contains("dpo_d learns from ties too, and none of the 2 pairs is one", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(true, "labelled true: a loss on labels learns from those of both kinds. Add undesirable ones")]
    [InlineData(false, "labelled false: a loss on labels learns from those of both kinds. Add desirable ones")]
    public void Of_labels_of_one_kind_says_so(bool desirable, string said)
    {
        LabelledCompletion[] examples = [new("p", [1], [2], desirable, []), new("q", [1], [2], desirable, [])];

        Assert.Contains(said, Assert.Single(TrainingWarnings.Of(Tiny.Options, examples, 2)));
        Assert.Empty(TrainingWarnings.Of(Tiny.Options, [.. examples, new LabelledCompletion("r", [1], [2], !desirable, [])], 2));
    }
}
