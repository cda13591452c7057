using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>The trainer and the generator compute the same model from the same file.</summary>
public sealed class LlamaParityTests : IDisposable
{
    private static readonly int[] s_ids = TinyModel.Ids(40, 5);

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(TinyModel.FamilyNames), MemberType = typeof(TinyModel))]
    public void Hidden_through_the_head_equals_llama_cpp(string family)
    {
        var config = TinyModel.Families[family];
        var path = WriteBase(config);

        AssertClose(LlamaCpp.Logits(path, null, s_ids), TrainerLogits(path, null), Tolerance(config));
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamilyNames), MemberType = typeof(TinyModel))]
    public void Adapter_on_every_map_gives_the_same_logits_in_llama_cpp_and_merged(string family)
    {
        var config = TinyModel.Families[family];
        var path = WriteBase(config);
        var options = new LoraOptions(Rank: Math.Min(4, config.ListBlockMaps().Min(map => map.Shape[^2..].Min())), Alpha: 8, ["all"]);
        using var lora = RandomAdapter(config, options);
        var adapter = new LoraAdapter(options.Rank, options.Alpha, new(Digest.OfFile(path), null, "tests", 0, "{}"), [.. lora.Export()]);
        var (adapterPath, mergedPath) = (Path.Combine(_folder, "adapter.gguf"), Path.Combine(_folder, "merged.gguf"));
        adapter.Write(adapterPath, config);
        using (var file = GgufFile.Open(path))
        {
            new AdapterMerge(file, adapter, null, default).Write(mergedPath, TensorType.F32);
        }

        var plain = LlamaCpp.Logits(path, null, s_ids);
        var adapted = LlamaCpp.Logits(path, adapterPath, s_ids);
        var merged = LlamaCpp.Logits(mergedPath, null, s_ids);

        Assert.Equal(config.ListBlockMaps().Select(map => map.Name), adapter.Maps.Select(map => map.Tensor));
        Assert.True(plain.Zip(adapted, (p, a) => p.Zip(a, (x, y) => Math.Abs(x - y)).Max()).Max() > 0.1, "the adapter does nothing");
        AssertClose(adapted, TrainerLogits(path, lora), Tolerance(config));
        AssertClose(adapted, merged, config.Architecture.Gate == GateKind.Gelu ? Tolerance(config) : 1e-4f);
        AssertClose(merged, TrainerLogits(mergedPath, null), Tolerance(config));
    }

    /// <summary>Keys that llama.cpp reads no further, as real files have them: Phi's window, and OLMo 3's list of windows.</summary>
    [Theory]
    [InlineData("phi3", "phi3.attention.sliding_window", 8u)]
    [InlineData("olmo2", "olmo2.attention.sliding_window_pattern", new[] { true, true, true, false, true })]
    public void Keys_that_llama_cpp_does_not_heed_change_nothing(string architecture, string key, object value)
    {
        var config = TinyModel.Config(architecture) with { Layers = 5, Sliding = architecture == "olmo2" ? new(8, Every: 4, 1000) : null };
        var (plain, path) = (WriteBase(config), Path.Combine(_folder, "with.gguf"));
        using (var file = GgufFile.Open(plain))
        {
            var writer = new GgufWriter();
            foreach (var (name, old) in file.Metadata.Where(entry => entry.Key != "general.alignment" && entry.Key != key))
            {
                writer.Set(name, old);
            }
            writer.Set(key, value);
            foreach (var tensor in file.Tensors.Values)
            {
                writer.Copy(file, tensor);
            }
            writer.Write(path);
        }

        AssertClose(LlamaCpp.Logits(path, null, s_ids), TrainerLogits(path, null), 1e-3f);
        AssertClose(TrainerLogits(plain, null), TrainerLogits(path, null), 1e-6f);
    }

    // llama.cpp's GELU on a processor is a table of float16.
    private static float Tolerance(ModelConfig config) => config.Architecture.Gate == GateKind.Gelu ? 5e-3f : 1e-3f;

    private string WriteBase(ModelConfig config)
    {
        var path = Path.Combine(_folder, "base.gguf");
        TinyModel.Write(path, config);
        return path;
    }

    private static LoraWeights RandomAdapter(ModelConfig config, LoraOptions options)
    {
        var lora = new LoraWeights(config, options, CPU);
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        lora.Parameters.Values.copy_(sin(arange(lora.Parameters.Values.numel()).to(ScalarType.Float32) * 0.7f) * 0.2f);
        return lora;
    }

    /// <summary>Logits after every token but the last.</summary>
    private static float[][] TrainerLogits(string path, LoraWeights? lora)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        using var file = GgufFile.Open(path);
        using var model = PolicyModel.Load(file, ComputeType.Float32, trainable: false, CPU);
        var hidden = model.Hidden(model.Upload(PackedBatch.Create([new(s_ids[..1], [s_ids[1..]])])), lora);
        return [.. Floats.Of(model.Logits(hidden)).Chunk(model.Config.VocabSize)];
    }

    private static void AssertClose(float[][] expected, float[][] actual, float tolerance)
    {
        var worst = expected.Zip(actual, (e, a) => e.Zip(a, (x, y) => Math.Abs(x - y)).Max()).Max();
        Assert.True(worst < tolerance, $"logits differ by {worst}");
    }
}
