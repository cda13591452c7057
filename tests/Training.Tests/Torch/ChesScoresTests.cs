using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class ChesScoresTests : IDisposable
{
    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Of_hidden_states_is_the_papers_formula()
    {
        using var scope = NewDisposeScope();
        var packed = PackedExamples.Create([new PreferencePair("p", [1], [2, 3], [4]), new PreferencePair("q", [5], [6], [7])]);
        // Rows of p's chosen completion, two, of its rejected one, and of q's.
        var hidden = tensor(new float[,] { { 1, 0 }, { 3, 2 }, { 4, -1 }, { 0, 2 }, { 0, 1 } });

        // Means (2, 1) and (4, −1): 8 − 1 − 5. (0, 2) and (0, 1): 2 − 4.
        Assert.Equal([2, -2], Floats.Of(ChesScores.Of(hidden, packed)));
    }

    [Fact]
    public void Compute_in_several_passes_is_the_same_and_alike_completions_score_higher()
    {
        using var scope = NewDisposeScope();
        using var model = PolicyModel.Create(TinyRun.Config, TinyModel.Weights(TinyRun.Config), ComputeType.Float32, trainable: false, CPU);
        ITrainingExample[] pairs =
        [
            new PreferencePair("p", [1, 2], [3, 4, 5, 6], [3, 4, 5, 7]),
            new PreferencePair("p", [1, 2], [3, 4, 5, 6], [9, 8]),
            .. TinyModel.Pairs(6),
        ];

        var whole = ChesScores.Compute(model, null, pairs, 10_000, default);
        var split = ChesScores.Compute(model, null, pairs, 16, default);

        Assert.All(whole.Zip(split), two => Assert.Equal(two.First, two.Second, 1e-4f));
        Assert.True(whole[0] > whole[1], $"{whole[0]} and {whole[1]}");
    }

    [Theory]
    [InlineData(0.5, new[] { 1, 2 })]
    [InlineData(0.25, new[] { 0, 1, 2 })]
    [InlineData(0.99, new[] { 1 })]
    public void Lowest_leaves_out_the_share_that_scores_highest(double dropped, int[] expected) =>
        Assert.Equal(expected, ChesScores.Lowest([0.5f, -1, 0.1f, 2], dropped));

    [Fact]
    public void Train_without_alike_pairs_takes_the_steps_of_those_that_stay_and_says_so()
    {
        var said = new List<string>();

        var result = TorchTrainer.Train(_run.Request("half", Tiny.Options with { ChesDrop = 0.5f }), null, default, said.Add);

        Assert.Equal(2, result.Steps);
        Assert.StartsWith(
            "training.ches-drop leaves out 6 of 12 pairs; the highest CHES score of those that stay is ",
            Assert.Single(said),
            StringComparison.Ordinal);
    }
}
