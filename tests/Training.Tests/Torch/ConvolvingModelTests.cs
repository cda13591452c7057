using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Whole runs of a model whose blocks convolve in part.</summary>
public sealed class ConvolvingModelTests : IDisposable
{
    private static readonly ModelConfig s_config = TinyModel.Families["lfm2"];

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Base => Path.Combine(_folder, "base.gguf");

    [Fact]
    public void Train_of_an_adapter_learns_on_every_map()
    {
        var request = Request(Tiny.Options with { Epochs = 8 });

        var result = TorchTrainer.Train(request, null, default);

        Assert.Equal(Math.Log(2), result.History[0].Metrics["loss"], 5);
        Assert.True(result.History[^1].Metrics["loss"] < 0.5);
        var adapter = LoraAdapter.Read(request.OutputPath, s_config, Digest.OfFile(Base));
        Assert.Equal(s_config.ListBlockMaps().Select(map => map.Name), adapter.Maps.Select(map => map.Tensor));
        Assert.All(adapter.Maps, map => Assert.Contains(map.B, value => value != 0));
    }

    [Fact]
    public void Train_of_every_weight_writes_a_model_that_llama_cpp_computes_alike()
    {
        var request = Request(Tiny.Options with { Lora = null, LearningRate = 1e-3f, Epochs = 4 });

        var result = TorchTrainer.Train(request, null, default);

        Assert.True(result.History[^1].Metrics["loss"] < result.History[0].Metrics["loss"] - 0.1);
        using (var file = GgufFile.Open(request.OutputPath))
        {
            const string kernel = "blk.0.shortconv.conv.weight";
            Assert.Equal(s_config, ModelConfig.Read(file));
            Assert.NotEqual(TinyModel.Weights(s_config)(kernel), file.ReadFloat32(file.Tensors[kernel]));
        }
        var ids = TinyModel.Ids(30, 5);
        var (expected, actual) = (
            LlamaCpp.Logits(request.OutputPath, null, ids),
            TorchLogits.Compute(request.OutputPath, ids, ComputeType.Float32, 1));
        Assert.All(
            expected.Zip(actual),
            row => Assert.All(row.First.Zip(row.Second), pair => Assert.Equal(pair.First, pair.Second, 1e-3f)));
    }

    private TrainingRequest Request(TrainingOptions options)
    {
        TinyModel.Write(Base, s_config);
        return new(
            Base, null, null, TinyModel.Pairs(12), options, 7, Path.Combine(_folder, "work"), Path.Combine(_folder, "out.gguf"),
            new(Digest.OfFile(Base), null, "tests", 1, "{}"), SplitSeed: 3);
    }
}
