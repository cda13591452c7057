namespace IterativeDpo.Training.Tests.Torch;

/// <summary>A figure that is not finite ends the run, names the prompts it comes from, and nothing is published.</summary>
public sealed class NonFiniteTests : IDisposable
{
    /// <summary>Parameters without a gradient move by 0 / 0.</summary>
    private static readonly TrainingOptions Indefinite = Tiny.Options with { AdamEpsilon = 0 };

    /// <summary>Parameters move so far that the next step's products overflow.</summary>
    private static readonly TrainingOptions Far = Tiny.Options with { LearningRate = 1e30f, MaxGradNorm = 0, Epochs = 4 };

    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Train_loss() => AssertRefused(Far, @"^the (loss|gradient) of step \d+ of 12 is not finite; prompts: p\d");

    [Fact]
    public void Train_last_update() =>
        AssertRefused(Indefinite with { MaxSteps = 1 }, "^the update of step 1 of 1 is not finite; prompts: p");

    [Fact]
    public void Train_validation_loss() => AssertRefused(
        Indefinite with
        {
            BatchPairs = 2,
            ValidationShare = 0.2f,
            EvaluationSteps = 1,
        },
        "^the validation loss after step 1 of 4 is not finite; prompts: p");

    [Fact]
    public void Train_every_weight() =>
        AssertRefused(Indefinite with { Lora = null, MaxSteps = 1 }, "^the update of step 1 of 1 is not finite; prompts: p");

    [Fact]
    public void Train_moving_reference() => AssertRefused(
        Far with { ReferenceSync = new(Steps: 1, Mix: 1) }, @"^the reference's log-prob is not finite; prompts: p");

    [Fact]
    public void Train_reference()
    {
        var weights = TinyModel.Weights(TinyRun.Config);
        IterativeDpo.Artifacts.Models.ModelWriter.Write(
            _run.Base,
            "broken",
            TinyRun.Config,
            name => name == "output_norm.weight" ? [.. weights(name).Select(_ => float.NaN)] : weights(name),
            IterativeDpo.Artifacts.Gguf.TensorType.F32);

        AssertRefused(Tiny.Options, "^the reference's log-prob is not finite; prompts: p");

        Assert.Empty(Directory.GetFiles(_run.Request("a", Tiny.Options).WorkDirectory, "*.bin"));
    }

    private void AssertRefused(TrainingOptions options, string message)
    {
        var request = _run.Request("a", options);

        var e = Assert.Throws<NonFiniteTrainingException>(() => TinyRun.Train(request));

        Assert.Matches(message, e.Message);
        Assert.False(File.Exists(request.OutputPath));
    }
}
