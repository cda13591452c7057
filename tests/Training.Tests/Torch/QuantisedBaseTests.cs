using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>A base that stays quantised computes what its dequantised weights do.</summary>
public sealed class QuantisedBaseTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("llama", false)]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    [InlineData("phi3", false)]
    [InlineData("gemma3", true)]
    [InlineData("qwen2moe", false)]
    public void Backward_on_a_q8_0_file_equals_that_on_its_values(string architecture, bool tied)
    {
        var config = TinyModel.Config(architecture, tied) with { FeedForwardDim = 64 };
        config = config with { Experts = architecture == "qwen2moe" ? new(4, 2, 32, SharedDim: 64) : null };
        var path = Path.Combine(_folder, "base.gguf");
        var weights = TinyModel.Weights(config);
        ModelWriter.Write(path, "tiny", config, name => weights(name), TensorType.Q8_0);
        using var file = GgufFile.Open(path);
        using var quantised = PolicyModel.Load(file, ComputeType.Float32, trainable: false, CPU);
        using var plain = PolicyModel.Create(
            config,
            name => file.ReadFloat32(file.Tensors[name]),
            ComputeType.Float32,
            trainable: false,
            CPU);

        AssertSame(Gradients(plain), Gradients(quantised));
    }

    [Fact]
    public void Backward_on_q4_k_blocks_equals_that_on_their_values()
    {
        var config = TinyModel.Config() with { Dim = 256, HeadDim = 64, FeedForwardDim = 256 };
        var shapes = config.ListTensors().ToDictionary(t => t.Name, t => t.Shape);
        var norms = TinyModel.Weights(config);
        StoredMatrix? Stored(string name) => shapes[name] is [var rows, var columns]
            ? new(TensorType.Q4_K, QuantisedBlocks.Random(TensorType.Q4_K, rows * columns / 256, scale: 1e-4))
            : null;
        float[] Read(string name)
        {
            if (Stored(name) is not { } matrix)
            {
                return norms(name);
            }
            var values = new float[shapes[name].Aggregate((a, b) => a * b)];
            TensorDecoder.Decode(matrix.Type, matrix.Bytes, values);
            return values;
        }
        using var quantised = new PolicyModel(
            config, part => Read(part.Name), part => Stored(part.Name), ComputeType.Float32, trainable: false, CPU);
        using var plain = PolicyModel.Create(config, Read, ComputeType.Float32, trainable: false, CPU);

        AssertSame(Gradients(plain), Gradients(quantised));
    }

    [Fact]
    public void Load_trainable_dequantises()
    {
        var config = TinyModel.Config() with { FeedForwardDim = 64 };
        var path = Path.Combine(_folder, "base.gguf");
        var weights = TinyModel.Weights(config);
        ModelWriter.Write(path, "tiny", config, name => weights(name), TensorType.Q8_0);
        using var file = GgufFile.Open(path);
        using var model = PolicyModel.Load(file, ComputeType.Float32, trainable: true, CPU);

        Assert.All(file.Tensors.Values, tensor => Assert.Equal(file.ReadFloat32(tensor), model.Values(tensor.Name)));
    }

    /// <summary>The adapter's gradients of a loss over all log-probs, and these.</summary>
    private static (Tensor LogProbs, Tensor Gradients) Gradients(PolicyModel model)
    {
        using var lora = new LoraWeights(model.Config, Tiny.Options.Lora!, CPU);
        using (no_grad())
        {
            lora.Parameters.Values.copy_(sin(arange(lora.Parameters.Values.numel()).to(ScalarType.Float32) * 0.7f) * 0.1f);
        }
        var pass = model.Forward(PackedExamples.Create(TinyModel.Pairs(4)).Batch, lora);
        pass.TokenLogProbs.square().sum().backward();
        pass.Backward();
        return (pass.TokenLogProbs.detach(), lora.Parameters.Gradients.clone());
    }

    private static void AssertSame((Tensor LogProbs, Tensor Gradients) expected, (Tensor LogProbs, Tensor Gradients) actual)
    {
        Assert.True(expected.Gradients.abs().max().item<float>() > 0.01f, "there is no gradient");
        AssertClose(expected.LogProbs, actual.LogProbs);
        AssertClose(expected.Gradients, actual.Gradients);
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        var scale = Math.Max(1, expected.abs().max().item<float>());
        Assert.InRange((expected - actual).abs().max().item<float>() / scale, 0, 1e-5f);
    }
}
