namespace IterativeDpo.Training.Tests;

public class TrainingSummaryTests
{
    [Fact]
    public void MeansOf_weighs_by_pairs_and_takes_the_last_token_count()
    {
        TrainingStep Step(int step, double loss, double tokens) =>
            new(step, 4, new Dictionary<string, double> { ["loss"] = loss, ["num_tokens"] = tokens });

        // Two epochs of five examples: steps of 4 and 1.
        var means = TrainingSummary.MeansOf([Step(1, 1, 10), Step(2, 6, 20), Step(3, 2, 30), Step(4, 7, 40)], batchPairs: 4, examples: 5);

        Assert.Equal((4 * 1 + 6 + 4 * 2 + 7) / 10.0, means["loss"], 9);
        Assert.Equal(40, means["num_tokens"]);
    }

    [Fact]
    public void MeansOf_takes_the_evaluation_with_the_lowest_loss()
    {
        TrainingStep Step(int step, double? evaluated)
        {
            var metrics = new Dictionary<string, double> { ["loss"] = step };
            if (evaluated is { } loss)
            {
                (metrics["eval_loss"], metrics["eval_kl"]) = (loss, step);
            }
            return new(step, 4, metrics);
        }

        var means = TrainingSummary.MeansOf([Step(1, 0.9), Step(2, 0.5), Step(3, 0.7), Step(4, null)], batchPairs: 4, examples: 16);

        Assert.Equal((2.5, 0.5, 2), (means["loss"], means["eval_loss"], means["eval_kl"]));
    }
}
