using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>Mistakes seen in published pipelines, from the pair to the loss; those of choosing the pair are in Judging's tests.</summary>
public sealed class LabelBugTests : IDisposable
{
    // A long prompt, so that a count from the start of the sequence would be past both completions.
    private static readonly PreferencePair Pair = new("p", [1, 1, 1, 1, 1, 1, 1, 1], [2, 3, 4, 9], [5, 9]);

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Batch_end_tokens_are_predicted_and_counted()
    {
        var packed = PackedExamples.Create([Pair]);

        Assert.Equal([2, 3, 4, 9, 5, 9], packed.Batch.Targets);
        Assert.Equal([4, 2], packed.Batch.BranchTokens);
        Assert.Equal([-10f, -11], Floats.Of(Rows(1).Sum(TokenLogProbs())));
    }

    [Fact]
    public void LdAlpha_counts_from_the_start_of_the_completion() =>
        // The chosen one's third and fourth token are past the rejected one's two.
        Assert.Equal([-1 - 2 - 0.5f * (3 + 4), -11], Floats.Of(Rows(0.5f).Weighted(TokenLogProbs())));

    [Fact]
    public void LdAlpha_completions_of_equal_length_are_left_alone()
    {
        var rows = new ExampleRows(PackedExamples.Create([Pair with { RejectedIds = [5, 6, 7, 9] }]), 0, CPU);

        Assert.Equal([-4f, -4], Floats.Of(rows.Weighted(-ones(8))));
    }

    [Fact]
    public void Wpo_weighs_by_the_position_that_predicts_the_token()
    {
        // Three positions of a vocabulary of three, each sure of another token; the token is the first of them.
        var hidden = tensor(new float[] { 2, 0, 0, 0, 3, 0, 0, 0, 4 }).view(3, 3);
        var head = ChunkedHead.Forward(ones(3, 3).tril().triu(), hidden, Floats.Indexes([0, 0, 0], CPU), confidences: true);

        var expected = Enumerable.Range(0, 3).Select(row =>
        {
            var p = Enumerable.Range(0, 3).Select(v => Math.Exp(v == row ? row + 2 : 0)).ToArray();
            return Math.Log(p[0] / p.Sum()) - Math.Log(p.Sum(x => x / p.Sum() * (x / p.Sum())));
        });
        Assert.All(expected.Zip(Floats.Of(head.Confidences!)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Metrics_tie_is_not_a_win()
    {
        var objective = new Objective(new("sigmoid"));
        var figures = new RowFigures(-ones(2, 2), -ones(2, 2), null, ones(2, 2), ones(2, 2), ones(2, 2), ones(2, 2));

        var metrics = StepMetrics.Of(0, figures, figures.ToLossBatch(-ones(2, 2), ones(2), new([], 2, 2)), objective);

        Assert.Equal(0, metrics["rewards/accuracies"]);
    }

    private static ExampleRows Rows(float ldAlpha) => new(PackedExamples.Create([Pair]), ldAlpha, CPU);

    /// <summary>−1, −2, −3, −4 for the chosen completion, −5, −6 for the rejected one.</summary>
    private static Tensor TokenLogProbs() => tensor(new float[] { -1, -2, -3, -4, -5, -6 });
}
