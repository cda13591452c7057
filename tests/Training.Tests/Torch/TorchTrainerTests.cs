using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class TorchTrainerTests : IDisposable
{
    private static readonly ModelConfig Config = TinyModel.Config();

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public TorchTrainerTests() => TinyModel.Write(Base, Config);

    private string Base => Path.Combine(_folder, "base.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TrainAsync_prefers_the_chosen_completions_more_and_more()
    {
        var result = await new TorchTrainer().TrainAsync(Request("a", Tiny.Options with { Epochs = 8 }), null, default);

        Assert.Equal(24, result.Steps);
        Assert.Equal(Math.Log(2), result.History[0].Metrics["loss"], 5);
        Assert.True(result.History[^1].Metrics["loss"] < 0.5);
        Assert.Equal(1, result.History[^1].Metrics["rewards/accuracies"]);
    }

    [Fact]
    public async Task TrainAsync_interrupted_and_resumed_gives_the_same_bytes()
    {
        var options = Tiny.Options with { Epochs = 3, CheckpointSteps = 2 };
        await new TorchTrainer().TrainAsync(Request("whole", options), null, default);
        using var stop = new CancellationTokenSource();
        var steps = new StopAt(4, stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new TorchTrainer().TrainAsync(Request("parts", options), steps, stop.Token));
        Assert.False(File.Exists(Output("parts")));
        var resumed = await new TorchTrainer().TrainAsync(Request("parts", options), null, default);

        Assert.Equal(9, resumed.Steps);
        Assert.Equal(Digest.OfFile(Output("whole")), Digest.OfFile(Output("parts")));
    }

    [Fact]
    public async Task TrainAsync_fresh_adapter_has_the_shape_and_manifest_asked_for()
    {
        var request = Request("a", Tiny.Options);

        await new TorchTrainer().TrainAsync(request, null, default);

        var adapter = LoraAdapter.Read(request.OutputPath, Config, Digest.OfFile(Base));
        Assert.Equal(4, adapter.Rank);
        Assert.Equal(request.Manifest, adapter.Manifest);
        Assert.Equal(14, adapter.Maps.Count);
        Assert.All(adapter.Maps, map => Assert.Contains(map.B, value => value != 0));
    }

    [Fact]
    public async Task TrainAsync_loss_that_is_not_finite_names_the_step_and_prompts_and_publishes_nothing()
    {
        var request = Request("a", Tiny.Options with { LearningRate = 1e30f, Epochs = 4, MaxGradNorm = 0 });

        var e = await Assert.ThrowsAsync<NonFiniteTrainingException>(() => new TorchTrainer().TrainAsync(request, null, default));

        Assert.Matches(@"of step \d+ of 12 is not finite; prompts: p\d", e.Message);
        Assert.False(File.Exists(request.OutputPath));
    }

    [Fact]
    public async Task TrainAsync_full_weights_writes_a_whole_model()
    {
        var request = Request("a", Tiny.Options with { Lora = null, LearningRate = 1e-3f, Epochs = 4 });

        var result = await new TorchTrainer().TrainAsync(request, null, default);

        using var file = GgufFile.Open(request.OutputPath);
        Assert.Equal(Config, ModelConfig.Read(file));
        Assert.True(result.History[^1].Metrics["loss"] < result.History[0].Metrics["loss"] - 0.1);
    }

    private string Output(string name) => Path.Combine(_folder, name + ".gguf");

    private TrainingRequest Request(string name, TrainingOptions options) => new(
        Base, null, null, TinyModel.Pairs(12), options, 7, Path.Combine(_folder, name), Output(name),
        new(Digest.OfFile(Base).Hex, null, "tests", 1, "{}"));

    private sealed class StopAt(int step, CancellationTokenSource source) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value)
        {
            if (value.Step == step)
            {
                source.Cancel();
            }
        }
    }
}
