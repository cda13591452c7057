using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Whole runs of models most of whose blocks have something else in attention's place.</summary>
public sealed class StatefulModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Base => Path.Combine(_folder, "base.gguf");

    [Theory]
    [InlineData("lfm2")]
    [InlineData("qwen35")]
    public void Train_of_an_adapter_learns_on_every_map(string family)
    {
        var config = TinyModel.Families[family];
        var request = Request(config, Tiny.Options with { Epochs = 8, Lora = Tiny.Options.Lora! with { Targets = ["all"] } });

        var result = TorchTrainer.Train(request, null, default);

        Assert.Equal(Math.Log(2), result.History[0].Metrics["loss"], 5);
        Assert.True(result.History[^1].Metrics["loss"] < 0.5);
        var adapter = LoraAdapter.Read(request.OutputPath, config, Digest.OfFile(Base));
        Assert.Equal(config.ListBlockMaps().Select(map => map.Name), adapter.Maps.Select(map => map.Tensor));
        Assert.All(adapter.Maps, map => Assert.Contains(map.B, value => value != 0));
    }

    [Theory]
    [InlineData("lfm2", "shortconv.conv.weight")]
    [InlineData("qwen35", "ssm_conv1d.weight")]
    [InlineData("qwen35", "ssm_a")]
    [InlineData("qwen35", "ssm_dt.bias")]
    [InlineData("qwen35", "ssm_norm.weight")]
    public void Train_of_every_weight_writes_a_model_that_llama_cpp_computes_alike(string family, string own)
    {
        var config = TinyModel.Families[family];
        var request = Request(config, Tiny.Options with { Lora = null, LearningRate = 1e-3f, Epochs = 4 });

        var result = TorchTrainer.Train(request, null, default);

        Assert.True(result.History[^1].Metrics["loss"] < result.History[0].Metrics["loss"] - 0.1);
        using (var file = GgufFile.Open(request.OutputPath))
        {
            var name = ModelConfig.BlockTensor(0, own);
            Assert.Equal(config, ModelConfig.Read(file));
            Assert.NotEqual(TinyModel.Weights(config)(name), file.ReadFloat32(file.Tensors[name]));
        }
        var ids = TinyModel.Ids(30, 5);
        var (expected, actual) = (
            LlamaCpp.Logits(request.OutputPath, null, ids),
            TorchLogits.Compute(request.OutputPath, ids, ComputeType.Float32, 1));
        Assert.All(
            expected.Zip(actual),
            row => Assert.All(row.First.Zip(row.Second), pair => Assert.Equal(pair.First, pair.Second, 1e-3f)));
    }

    private TrainingRequest Request(ModelConfig config, TrainingOptions options)
    {
        TinyModel.Write(Base, config);
        return new(
            Base, null, null, TinyModel.Pairs(12), options, 7, Path.Combine(_folder, "work"), Path.Combine(_folder, "out.gguf"),
            new(Digest.OfFile(Base), null, "tests", 1, "{}"), SplitSeed: 3);
    }
}
