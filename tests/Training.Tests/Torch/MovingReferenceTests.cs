using IterativeDpo.Artifacts;
using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>TR-DPO: the reference takes a share of the policy every so many steps.</summary>
public sealed class MovingReferenceTests : IDisposable
{
    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Follow_takes_its_share_every_so_many_steps()
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterBuffer([new("matrix", [1, 2])], CPU);
        using var reference = new MovingReference(parameters, tensor([1f, 2f]), new(Steps: 2, Mix: 0.25f));
        using var gradients = no_grad();
        parameters.Values.copy_(tensor([5f, -2f]));

        reference.Follow(1);
        Assert.Equal([1, 2], Floats.Of(reference.Values));
        reference.Follow(2);

        Assert.Equal([2, 1], Floats.Of(reference.Values));
        Assert.Equal([5, -2], Floats.Of(parameters.Values));
    }

    [Fact]
    public void Run_has_its_values_in_the_parameters_and_puts_the_policys_back_whatever_happens()
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterBuffer([new("matrix", [1, 1])], CPU);
        using var reference = new MovingReference(parameters, tensor([3f]), new(Steps: 1, Mix: 1));

        Assert.Equal(3, reference.Run(() => parameters["matrix"].item<float>()));
        Assert.Throws<OperationCanceledException>(() => reference.Run<int>(() => throw new OperationCanceledException()));

        Assert.Equal(0, parameters["matrix"].item<float>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Train_reference_that_takes_all_every_step_is_the_policy(bool lora)
    {
        var result = TinyRun.Train(_run.Request("a", Options(lora, 1, 1)));

        Assert.All(result.History, step => Assert.Equal(Math.Log(2), step.Metrics["loss"], 5));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Train_reference_that_moves_after_the_run_is_the_frozen_one(bool lora)
    {
        var moving = TinyRun.Train(_run.Request("a", Options(lora, 100, 0.6f)));
        var frozen = TinyRun.Train(_run.Request("b", Options(lora, 100, 0.6f) with { ReferenceSync = null }));

        Assert.Equal(frozen.History.Select(step => step.Metrics["loss"]), moving.History.Select(step => step.Metrics["loss"]), new Close());
        Assert.True(moving.History[^1].Metrics["loss"] < 0.6);
    }

    [Fact]
    public void Train_moves_after_every_second_step()
    {
        var result = TinyRun.Train(_run.Request("a", Options(true, 2, 1)));

        Assert.Equal(
            [true, false, true, false, true, false],
            result.History.Select(step => Math.Abs(step.Metrics["rewards/margins"]) < 1e-6));
    }

    [Fact]
    public void Train_continued_adapter_begins_against_the_base_or_its_own_start()
    {
        TinyRun.Train(_run.Request("first", Tiny.Options with { Epochs = 4 }));
        var request = _run.Request("second", Options(true, 100, 1)) with { InitialAdapterPath = _run.Output("first") };
        var frozen = _run.Request("third", Tiny.Options) with { InitialAdapterPath = _run.Output("first") };

        var expected = TinyRun.Train(frozen).History[0].Metrics["rewards/margins"];

        Assert.Equal(expected, TinyRun.Train(request).History[0].Metrics["rewards/margins"], 5);
        Assert.Equal(
            0,
            TinyRun.Train(request with { ReferenceAdapterPath = _run.Output("first") }).History[0].Metrics["rewards/margins"],
            5);
    }

    [Fact]
    public void Train_reference_of_another_shape_cannot_be_mixed()
    {
        TinyRun.Train(_run.Request("first", Tiny.Options with { Lora = Tiny.Options.Lora! with { Rank = 2 } }));
        var request = _run.Request("second", Options(true, 4, 1)) with { ReferenceAdapterPath = _run.Output("first") };

        var e = Assert.Throws<UserInputException>(() => TinyRun.Train(request));

        Assert.Contains("rank 2", e.Message);
    }

    private static TrainingOptions Options(bool lora, int steps, float mix) => Tiny.Options with
    {
        Lora = lora ? Tiny.Options.Lora : null,
        LearningRate = lora ? 1e-2f : 1e-3f,
        Epochs = 2,
        ReferenceSync = new(steps, mix),
    };

    private sealed class Close : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 1e-5;

        public int GetHashCode(double value) => 0;
    }
}
