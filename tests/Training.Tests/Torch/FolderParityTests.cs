using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Tests.HuggingFace;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Models from folders compute what the textbook computes with the folder's own weights, names and orders.</summary>
public sealed class FolderParityTests : IDisposable
{
    private static readonly int[] s_ids = TinyModel.Ids(40, 5);

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static TheoryData<string> FamilyNames =>
        // What a GGUF can have and no configuration says: it always has Gemma 3's window and Granite's scale of scores.
        [
            .. TinyModel
                .Families.Where(family => family.Value is { DeltaNet: null, Architecture.HasSinks: false })
                .Select(family => family.Key)
                .Except(["llama 3.1", "llama, attention factor", "llama, experts, biases"])
                .Except(["gemma3 without windows", "granite, biases, nothing turned"]),
        ];

    [Theory]
    [MemberData(nameof(FamilyNames))]
    public void Converted_model_computes_what_the_folder_says(string family)
    {
        using var gradients = no_grad();
        var config = TinyModel.Families[family];
        var path = Convert(config);

        using (var file = GgufFile.Open(path))
        {
            Assert.Equal(Comparable(config), Comparable(ModelConfig.Read(file)));
        }
        var expected = FolderLogits(config);
        var tolerance = config.Architecture.Gate == GateKind.Gelu ? 5e-3f : 1e-3f;
        AssertClose(expected, LlamaCpp.Logits(path, null, s_ids), tolerance);
        AssertClose(expected, TorchLogits.Compute(path, s_ids, ComputeType.Float32, 1), tolerance);
    }

    /// <summary>As transformers saves experts where it is told not to save them as they were released.</summary>
    [Theory]
    [InlineData("llama, experts")]
    [InlineData("qwen3moe")]
    [InlineData("qwen2moe")]
    [InlineData("olmoe")]
    public void Converted_experts_that_are_one_parameter_are_those_of_each_by_itself(string family)
    {
        var config = TinyModel.Families[family];
        var expected = File.ReadAllBytes(Convert(config));

        Assert.Equal(expected, File.ReadAllBytes(Convert(config, stacked: true)));
    }

    [Theory]
    [MemberData(nameof(FamilyNames))]
    public void Exported_folder_has_the_bits_of_the_one_that_the_model_came_from(string family)
    {
        var config = TinyModel.Families[family];
        var (path, back) = (Convert(config), Path.Combine(_folder, "back"));
        using (var file = GgufFile.Open(path))
        {
            Assert.Empty(Export(file));
        }

        using var weights = SafetensorsFile.Open(Path.Combine(back, "model.safetensors"));
        var expected = TinyFolder.Tensors(config).ToDictionary(tensor => tensor.Name);
        Assert.Equal(expected.Keys.Order(), weights.Tensors.Keys.Order());
        Assert.All(expected.Values, tensor =>
        {
            Assert.Equal(tensor.Shape, weights.Tensors[tensor.Name].Shape);
            Assert.Equal(tensor.Values, weights.ReadFloat32(weights.Tensors[tensor.Name]));
        });
        using var folder = ModelFolder.Open(back);
        Assert.Equal(Comparable(config), Comparable(folder.Config));
    }

    [Theory]
    [InlineData("llama 3.1")]
    [InlineData("llama, attention factor")]
    [InlineData("llama, experts, biases")]
    [InlineData("granite, biases, nothing turned")]
    public void Model_that_no_configuration_says_is_not_exported(string family)
    {
        var path = Path.Combine(_folder, "m.gguf");
        TinyModel.Write(path, TinyModel.Families[family]);
        using var file = GgufFile.Open(path);

        var e = Assert.Throws<UserInputException>(() => Export(file));

        Assert.Contains("no config.json says all that this model is", e.Message);
        Assert.False(File.Exists(Path.Combine(_folder, "back", "config.json")));
    }

    [Theory]
    [InlineData("qwen35")]
    [InlineData("gpt-oss")]
    public void Model_of_a_family_without_folders_is_not_exported(string family)
    {
        var path = Path.Combine(_folder, "m.gguf");
        TinyModel.Write(path, TinyModel.Families[family]);
        using var file = GgufFile.Open(path);

        var e = Assert.Throws<UserInputException>(() => Export(file));

        Assert.Contains($"models of the architecture '{family}' are not written as folders. Export it as a GGUF", e.Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "back")));
    }

    [Fact]
    public void Divisors_of_llama_3_1_are_those_of_transformers()
    {
        var config = TinyModel.Config() with { HeadDim = 16, RopeDim = 16, RopeBase = 500000 };
        TinyFolder.Write(_folder, config, change: json => json["rope_scaling"] = System.Text.Json.Nodes.JsonNode.Parse(
                    """{ "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192 }"""));

        using var folder = ModelFolder.Open(_folder);
        new FolderConversion(folder, null, null, default).Write(Path.Combine(_folder, "m.gguf"));
        using var file = GgufFile.Open(Path.Combine(_folder, "m.gguf"));
        Export(file);

        // 2π / frequency: 6, 32, 168, 865, 4,443, 23k … against 8192 / 4 and 8192 / 1.
        Assert.Equal([1, 1, 1, 1], folder.Config.RopeDivisors![..4]);
        var wavelength = 2 * Math.PI * Math.Pow(500000, 8.0 / 16);
        var smooth = (8192 / wavelength - 1) / 3;
        Assert.Equal(1 / ((1 - smooth) / 8 + smooth), folder.Config.RopeDivisors![4], 1e-4);
        Assert.Equal([8, 8, 8], folder.Config.RopeDivisors![5..]);
    }

    private IReadOnlyList<string> Export(GgufFile file)
    {
        var matrices = new MatrixReader(file);
        return new FolderExport(file, (name, expert) => matrices.Read(name, expert), null)
            .Write(Path.Combine(_folder, "back"), TensorType.F32);
    }

    private string Convert(ModelConfig config, bool stacked = false)
    {
        var (source, path) = (Path.Combine(_folder, "hub"), Path.Combine(_folder, "m.gguf"));
        TinyFolder.Write(source, config, stacked: stacked);
        using var folder = ModelFolder.Open(source);
        new FolderConversion(folder, null, null, default).Write(path);
        return path;
    }

    /// <summary>Logits after every token: transformers rotates halves in every family, and adds 1 to Gemma's norms.</summary>
    private static float[][] FolderLogits(ModelConfig config)
    {
        var tensors = config.ListTensors().ToDictionary(tensor => tensor.Name);
        var halves = config with { Architecture = config.Architecture with { Rope = RopeKind.HalfSplit } };
        float[] Read(string name)
        {
            var values = TinyFolder.Values(config, tensors[name]);
            return TinyFolder.IsGemma(config) && name.EndsWith("norm.weight", StringComparison.Ordinal)
                ? [.. values.Select(value => value + 1)]
                : values;
        }

        var logits = new PaddedModel(halves, Read, _ => null).Logits(tensor([.. s_ids.Select(id => (long)id)]).unsqueeze(0));
        return [.. Floats.Of(logits.squeeze(0)).Chunk(config.VocabSize)];
    }

    private static object Comparable(ModelConfig config) =>
        (
            config with
            {
                RopeDivisors = null,
                LongContextDivisors = null,
                ScoreScale = config.ScoreScale ?? 1 / MathF.Sqrt(config.HeadDim),
                Scaling = config.Scaling with { AttentionFactor = MathF.Round(config.Scaling.AttentionFactor, 4) },
            },
        string.Join(' ', config.RopeDivisors ?? []), string.Join(' ', config.LongContextDivisors ?? []));

    private static void AssertClose(float[][] expected, float[][] actual, float tolerance)
    {
        var worst = expected.Zip(actual, (e, a) => e.Zip(a, (x, y) => Math.Abs(x - y)).Max()).Max();
        Assert.True(worst < tolerance, $"logits differ by {worst}");
    }
}
