namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Evaluations on held-back prompts, and what they decide.</summary>
public sealed class ValidationTests : IDisposable
{
    private static readonly TrainingOptions Validated = Tiny.Options with { ValidationShare = 0.2f };

    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Train_without_evaluation_steps_evaluates_after_the_last_one()
    {
        var result = TinyRun.Train(_run.Request("a", Validated with { Epochs = 2 }));

        Assert.Equal(result.Steps, Assert.Single(result.History, Evaluations.Has).Step);
    }

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("aot")]
    [InlineData("simpo")]
    [InlineData("bco_pair")]
    public void Train_evaluates_every_so_many_steps_with_every_metric_of_the_loss(string loss)
    {
        var result = TinyRun.Train(_run.Request("a", Validated with { Loss = new(loss), Epochs = 5, EvaluationSteps = 3 }));

        Assert.Equal([3, 6, 9, 10], result.History.Where(Evaluations.Has).Select(step => step.Step));
        var names = result.History[0].Metrics.Keys.Except(["learning_rate", "grad_norm", "num_tokens"]);
        Assert.Equal(
            names.Select(name => "eval_" + name),
            result.History[2].Metrics.Keys.Where(name => name.StartsWith("eval_", StringComparison.Ordinal)));
    }

    [Fact]
    public void Train_on_labelled_completions_evaluates_those_held_back()
    {
        var result = TinyRun.Train(_run.Request("a", Validated with { Loss = new("kto"), Epochs = 2 }));

        Assert.InRange(result.Metrics["eval_loss"], 0.01, 1.5);
        Assert.DoesNotContain("eval_rewards/accuracies", result.Metrics.Keys);
    }

    [Fact]
    public void Train_does_not_train_on_what_it_holds_back()
    {
        var request = _run.Request("a", Validated);
        var (training, validation) = ValidationSplit.Of(request.Examples, 0.2f, request.SplitSeed);

        var held = TinyRun.Train(request);
        var alone = TinyRun.Train(_run.Request("b", Tiny.Options) with { Examples = [.. training.Select(i => request.Examples[i])] });

        Assert.NotEmpty(validation);
        Assert.Equal(alone.Steps, held.Steps);
        Assert.All(alone.History.Zip(held.History), steps => Assert.Equal(steps.First.Metrics["loss"], steps.Second.Metrics["loss"], 5));
    }

    [Fact]
    public void Train_stops_when_evaluations_no_longer_improve()
    {
        // Nothing moves, so no evaluation improves on the first.
        var result = TinyRun.Train(
            _run.Request("a", Validated with { LearningRate = 0, Epochs = 9, EvaluationSteps = 2, EarlyStoppingPatience = 3 }));

        Assert.Equal(8, result.Steps);
        Assert.Equal(Math.Log(2), result.Metrics["eval_loss"], 5);
    }

    [Fact]
    public void Train_publishes_the_parameters_that_did_best()
    {
        var options = Validated with { LearningRate = 1, Epochs = 6, EvaluationSteps = 1 };
        var result = TinyRun.Train(_run.Request("a", options));
        var best = Evaluations.Best(result.History)!;
        Assert.NotEqual(result.Steps, best.Step);

        // Looks at what was published, and leaves it as it is.
        var again = TinyRun.Train(
            _run.Request("b", options with { LearningRate = 0, Epochs = 1 }) with
            {
                InitialAdapterPath = _run.Output("a"),
            });

        Assert.Equal(best.Metrics["eval_loss"], again.History[0].Metrics["eval_loss"], 5);
        Assert.Equal(best.Metrics["eval_loss"], result.Metrics["eval_loss"]);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(2)]
    public void Train_max_steps_take_the_place_of_the_epochs(int steps) =>
        Assert.Equal(steps, TinyRun.Train(_run.Request("a", Tiny.Options with { MaxSteps = steps })).Steps);

    [Fact]
    public void Train_by_lion_learns()
    {
        var result = TinyRun.Train(
            _run.Request("a", Tiny.Options with { Optimizer = OptimizerKind.Lion, LearningRate = 3e-3f, Epochs = 8 }));

        Assert.True(result.History[^1].Metrics["loss"] < 0.5);
    }
}
