namespace IterativeDpo.Training.Tests;

public class EvaluationsTests
{
    [Fact]
    public void Best_is_the_first_of_the_lowest() => Assert.Equal(3, Evaluations.Best(History(2, null, 1, 1, null))!.Step);

    [Fact]
    public void Best_of_no_evaluation_is_none() => Assert.Null(Evaluations.Best(History(null, null)));

    [Theory]
    [InlineData(1, false, 3.0, 2.0, null)]
    [InlineData(1, true, 3.0, 2.0, 2.0)]
    [InlineData(2, false, 3.0, 2.0, 2.5)]
    [InlineData(2, true, 3.0, 2.0, 2.5, null, 2.1)]
    [InlineData(0, false, 1.0, 2.0, 3.0, 4.0)]
    [InlineData(2, false, 1.0, 2.0, 0.5, 0.6)]
    public void Disappoint_counts_evaluations_since_the_best(int patience, bool expected, params double?[] losses) =>
        Assert.Equal(expected, Evaluations.Disappoint(History(losses), patience));

    private static TrainingStep[] History(params double?[] losses) => [.. losses.Select((loss, i) => new TrainingStep(
        i + 1, losses.Length, loss is { } evaluated ? new Dictionary<string, double> { ["eval_loss"] = evaluated } : []))];
}
