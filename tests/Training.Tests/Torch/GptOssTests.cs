using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using LLama.Native;
using TorchSharp;
using static TorchSharp.torch;
using LoraAdapter = IterativeDpo.Artifacts.Adapters.LoraAdapter;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>What gpt-oss has beside what holds for every family and every mixture: gates with limits, sinks, experts in MXFP4.</summary>
public sealed class GptOssTests : IDisposable
{
    // llama.cpp's MXFP4_MOE, experts in MXFP4 and the rest in Q8_0, which the package has no name for.
    private const LLamaFtype Mxfp4 = (LLamaFtype)38;

    private static readonly int[] s_ids = TinyModel.Ids(40, 5);
    private static readonly ModelConfig s_config = TinyModel.Families["gpt-oss"];

    /// <summary>With rows of whole blocks.</summary>
    private static readonly ModelConfig s_wide = s_config with { Experts = new(4, 2, 64) };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Base => Path.Combine(_folder, "base.gguf");

    [Fact]
    public void Gates_and_ups_beyond_their_limits_equal_llama_cpp()
    {
        var weights = TinyModel.Weights(s_config);
        // Of the size that a good part of them is beyond 7.
        float[] Read(string name) => name.Contains("ffn_gate_exps.weight") || name.Contains("ffn_up_exps.weight")
            ? Array.ConvertAll(weights(name), value => value * 10)
            : weights(name);
        ModelWriter.Write(Base, "tiny", s_config, name => Read(name), TensorType.F32);

        AssertClose(LlamaCpp.Logits(Base, null, s_ids), TorchLogits.Compute(Base, s_ids, ComputeType.Float32, 1));
    }

    [Fact]
    public void Train_of_an_adapter_learns_on_every_map()
    {
        var request = Request(s_config, Tiny.Options with { Epochs = 8, Lora = new(4, 8, ["all"]) });

        var history = TorchTrainer.Train(request, null, default).History;

        Assert.Equal(Math.Log(2), history[0].Metrics["loss"] - 0.001 * history[0].Metrics["aux_loss"], 5);
        Assert.True(history[^1].Metrics["loss"] < 0.5);
        var adapter = LoraAdapter.Read(request.OutputPath, s_config, Digest.OfFile(Base));
        Assert.Equal(s_config.ListBlockMaps().Select(map => map.Name), adapter.Maps.Select(map => map.Tensor));
        Assert.All(adapter.Maps, map => Assert.Contains(map.B, value => value != 0));
    }

    [Fact]
    public void Train_of_every_weight_trains_sinks_and_biases_and_writes_a_model_that_llama_cpp_computes_alike()
    {
        var request = Request(s_config, Tiny.Options with { Lora = null, LearningRate = 1e-3f, Epochs = 4 });

        var history = TorchTrainer.Train(request, null, default).History;

        Assert.True(history[^1].Metrics["loss"] < history[0].Metrics["loss"] - 0.1);
        using (var file = GgufFile.Open(request.OutputPath))
        {
            Assert.Equal(s_config, ModelConfig.Read(file));
            Assert.All(
                file.Tensors.Values,
                tensor => Assert.NotEqual(TinyModel.Weights(s_config)(tensor.Name), file.ReadFloat32(tensor)));
        }
        AssertClose(
            LlamaCpp.Logits(request.OutputPath, null, s_ids),
            TorchLogits.Compute(request.OutputPath, s_ids, ComputeType.Float32, 1));
    }

    [Fact]
    public void Experts_in_mxfp4_stay_so_and_are_computed_as_their_values()
    {
        var (quantised, dequantised) = (Path.Combine(_folder, "q.gguf"), Path.Combine(_folder, "f32.gguf"));
        TinyModel.Write(Base, s_wide);
        Quantise(Base, quantised, Mxfp4);
        Quantise(quantised, dequantised, LLamaFtype.ALL_F32);

        using (var file = GgufFile.Open(quantised))
        {
            var experts = file.Tensors.Values.Where(tensor => tensor.Name.EndsWith("_exps.weight", StringComparison.Ordinal)).ToList();
            Assert.Equal(6, experts.Count);
            Assert.All(experts, tensor => Assert.Equal(TensorType.MXFP4, tensor.Type));
            Assert.All(experts, tensor => Assert.NotNull(
                StoredMatrix.Of(file, new(tensor.Name, tensor.Shape[1], Expert: 3, Experts: 4))));
        }
        AssertClose(LlamaCpp.Logits(dequantised, null, s_ids), TorchLogits.Compute(quantised, s_ids, ComputeType.Float32, 1));
        AssertClose(
            TorchLogits.Compute(dequantised, s_ids, ComputeType.Float32, 1),
            TorchLogits.Compute(quantised, s_ids, ComputeType.Float32, 1),
            1e-5f);
    }

    [Fact]
    public void Train_of_an_adapter_on_mxfp4_experts_gives_what_training_on_their_values_does()
    {
        var (quantised, dequantised) = (Path.Combine(_folder, "q.gguf"), Path.Combine(_folder, "f32.gguf"));
        TinyModel.Write(Base, s_wide);
        Quantise(Base, quantised, Mxfp4);
        Quantise(quantised, dequantised, LLamaFtype.ALL_F32);
        double[] Losses(string path) =>
        [
            .. TorchTrainer.Train(Request(s_wide, Tiny.Options, path), null, default).History.Select(step => step.Metrics["loss"]),
        ];

        Assert.All(Losses(dequantised).Zip(Losses(quantised)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    private static void AssertClose(float[][] expected, float[][] actual, float tolerance = 1e-3f) =>
        Assert.InRange(expected.Zip(actual, (e, a) => e.Zip(a, (x, y) => Math.Abs(x - y)).Max()).Max(), 0, tolerance);

    private TrainingRequest Request(ModelConfig config, TrainingOptions options, string? model = null)
    {
        if (model is null)
        {
            TinyModel.Write(Base, config);
        }
        var file = model ?? Base;
        return new(
            file, null, null, TinyModel.Pairs(12), options, 7, file + ".work", file + ".out",
            new(Digest.OfFile(file), null, "tests", 1, "{}"), SplitSeed: 3);
    }

    private static void Quantise(string source, string target, LLamaFtype type)
    {
        NativeApi.llama_max_devices();
        NativeLogConfig.llama_log_set((_, _) => { });
        var parameters = LLamaModelQuantizeParams.Default();
        (parameters.ftype, parameters.nthread, parameters.allow_requantize) = (type, 1, true);
        Assert.Equal(0u, NativeApi.llama_model_quantize(source, target, ref parameters));
    }
}
