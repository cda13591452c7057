using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Tests.Adapters;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.HuggingFace;

/// <summary>Folders of mixtures of experts and of LFM2. That they compute what the library does is tested beside the trainer.</summary>
public sealed class ExpertFolderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Folder => _directory["hub"];

    private string Weights => Path.Combine(Folder, "model.safetensors");

    public void Dispose() => _directory.Dispose();

    /// <summary>Mixtral beside those that have no other kind.</summary>
    public static TheoryData<string> Families => ["mixtral", "qwen2moe", "qwen3moe", "olmoe", "granitemoe", "granitemoeshared", "lfm2"];

    /// <summary>All but Qwen3.5 and gpt-oss, whose folders are neither read nor written.</summary>
    [Fact]
    public void Of_anArchitecture_isAFamilyWithFolders() => Assert.All(ModelArchitecture.All, architecture => Assert.Equal(
        architecture.HasDeltaNets || architecture.HasSinks ? null : architecture.Name,
        HubFamily.Of(TinyModel.Config(architecture.Name))?.Architecture));

    [Theory]
    [MemberData(nameof(Families))]
    public void Export_ofAMergedAdapter_isTheMergedModel(string family)
    {
        var config = ConfigOf(family);
        TinyFolder.Write(Folder, config);
        Convert(Folder, "base.gguf");
        using var original = GgufFile.Open(_directory["base.gguf"]);
        var (adapter, merged) = (TinyAdapter.Create(config, 2), new List<int>());
        new AdapterMerge(original, adapter, null, default).Write(_directory["merged.gguf"], TensorType.F32);

        using (var source = ModelFolder.Open(Folder))
        {
            var merge = new AdapterMerge(original, adapter, new Callback(merged.Add), default);
            Assert.Empty(new FolderExport(original, merge.Weights, source).Write(_directory["back"], TensorType.F32));
        }
        Convert(_directory["back"], "back.gguf");

        using var expected = GgufFile.Open(_directory["merged.gguf"]);
        using var actual = GgufFile.Open(_directory["back.gguf"]);
        Assert.Equal(expected.Tensors.Keys, actual.Tensors.Keys);
        Assert.All(
            expected.Tensors.Values,
            tensor => Assert.True(expected.Bytes(tensor).SequenceEqual(actual.Bytes(actual.Tensors[tensor.Name]))));
        Assert.Equal(Enumerable.Range(1, adapter.Maps.Count), merged);
        Assert.Equal(JsonOf(Folder)["model_type"]!.ToJsonString(), JsonOf(_directory["back"])["model_type"]!.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Conversion_keepsTypes_andRoutersAndKernelsExact(string family)
    {
        TinyFolder.Write(Folder, ConfigOf(family), type: TensorType.BF16);

        Convert(Folder, "m.gguf");

        using var file = GgufFile.Open(_directory["m.gguf"]);
        ModelConfig.Read(file);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(
            tensor.Shape.Length == 1 || tensor.Name.EndsWith("gate_inp.weight", StringComparison.Ordinal)
                || tensor.Name.EndsWith("conv.weight", StringComparison.Ordinal)
                ? TensorType.F32
                : TensorType.BF16,
            tensor.Type));
    }

    /// <summary>Matrices of one tensor have one type in a GGUF: one that keeps them all.</summary>
    [Fact]
    public void Conversion_ofExpertsOfTwoTypes_keepsEveryValue()
    {
        var config = ConfigOf("qwen3moe");
        const string half = "model.layers.0.mlp.experts.2.up_proj.weight";
        TinyFolder.Write(Folder, config);
        File.Delete(Weights);
        TinyFolder.WriteWeights(Path.Combine(Folder, "a.safetensors"), config, takes: name => name != half);
        TinyFolder.WriteWeights(Path.Combine(Folder, "b.safetensors"), config, TensorType.F16, name => name == half);
        File.WriteAllText(Path.Combine(Folder, "model.safetensors.index.json"), new JsonObject
        {
            ["weight_map"] = new JsonObject(TinyFolder.Tensors(config).Select(tensor => KeyValuePair.Create(
                tensor.Name,
                (JsonNode?)(tensor.Name == half ? "b.safetensors" : "a.safetensors")))),
        }.ToJsonString());

        Convert(Folder, "m.gguf");

        using var file = GgufFile.Open(_directory["m.gguf"]);
        var experts = file.Tensors["blk.0.ffn_up_exps.weight"];
        var expected = TinyFolder.Values(config, new(experts.Name, experts.Shape));
        var (from, to) = (2 * expected.Length / 4, 3 * expected.Length / 4);
        for (var i = from; i < to; i++) expected[i] = (float)(Half)expected[i];
        Assert.Equal(TensorType.F32, experts.Type);
        Assert.Equal(expected, file.ReadFloat32(experts));
    }

    [Theory]
    [InlineData("qwen3moe", "norm_topk_prob", "null", "in this family llama.cpp divides the weights of a token's experts by their sum")]
    [InlineData("qwen2moe", "norm_topk_prob", "true", "in this family llama.cpp takes the weights of a token's experts as they are")]
    [InlineData("olmoe", "norm_topk_prob", "true", "in this family llama.cpp takes the weights of a token's experts as they are")]
    [InlineData("qwen2moe", "decoder_sparse_step", "2", "llama.cpp has experts in every block")]
    [InlineData("qwen3moe", "mlp_only_layers", "[1]", "llama.cpp has experts in every block")]
    [InlineData("olmoe", "clip_qkv", "8.0", "llama.cpp does not clip")]
    [InlineData("olmoe", "num_key_value_heads", "2", "2 are not the 4 heads, as llama.cpp needs it in this family")]
    [InlineData("olmoe", "tie_word_embeddings", "true", "llama.cpp needs 'lm_head.weight' in this family")]
    [InlineData("qwen2moe", "tie_word_embeddings", "true", "llama.cpp needs 'lm_head.weight' in this family")]
    [InlineData("qwen2moe", "head_dim", "16", "4 heads of 16 do not make up the 32 of 'hidden_size'")]
    [InlineData("qwen3moe", "num_experts", "null", "the key is missing")]
    [InlineData("qwen3moe", "num_experts", "0", "0 is under 1")]
    [InlineData("mixtral", "num_local_experts", "513", "513 is over 512")]
    [InlineData("qwen3moe", "num_local_experts", "8", "it is not the 4 of 'num_experts'")]
    [InlineData("mixtral", "num_experts_per_tok", "5", "5 of 4 experts")]
    [InlineData("qwen3moe", "num_experts_per_tok", "null", "the key is missing")]
    [InlineData("qwen3moe", "moe_intermediate_size", "null", "the key is missing")]
    [InlineData("qwen2moe", "shared_expert_intermediate_size", "0", "0 is under 1")]
    [InlineData("granitemoeshared", "shared_intermediate_size", "-1", "-1 is under 0")]
    [InlineData("lfm2", "conv_bias", "true", "llama.cpp's convolutions have no biases")]
    [InlineData("lfm2", "conv_L_cache", "1", "1 is under 2")]
    [InlineData("lfm2", "layer_types", "[\"conv\"]", "it lists 1 blocks, and there are 2")]
    [InlineData("lfm2", "layer_types", "[\"conv\", \"mamba\"]", "a block is neither 'full_attention' nor 'conv'")]
    [InlineData("lfm2", "layer_types", "[\"conv\", \"conv\"]", "no block attends")]
    [InlineData("lfm2", "full_attn_idxs", "[]", "it does not list blocks from 0 to 1, each once")]
    [InlineData("lfm2", "full_attn_idxs", "[1, 2]", "it does not list blocks from 0 to 1, each once")]
    [InlineData("lfm2", "full_attn_idxs", "[1, 1]", "it does not list blocks from 0 to 1, each once")]
    [InlineData("lfm2", "block_multiple_of", "0", "0 is under 1")]
    [InlineData("lfm2", "block_ffn_dim_multiplier", "1e9", "1E+09 is out of range")]
    [InlineData("lfm2", "block_ffn_dim_multiplier", "-1", "-1 is out of range")]
    public void Open_aConfigurationThatLlamaCppHasNot_namesItsKey(string family, string key, string value, string problem)
    {
        TinyFolder.Write(Folder, ConfigOf(family), change: json => json[key] = JsonNode.Parse(value));

        AssertRefused($"config.json: '{key}': {problem}");
    }

    [Fact]
    public void Open_listsOfBlocksThatDisagree_isRefused()
    {
        TinyFolder.Write(
            Folder,
            ConfigOf("lfm2"),
            change: json => json["layer_types"] = JsonNode.Parse("""["full_attention", "conv"]"""));

        AssertRefused("config.json: 'full_attn_idxs': 'layer_types' has other blocks");
    }

    /// <summary>Every key that the library prefers where an older one is there too, and one that it has by a newer name.</summary>
    [Fact]
    public void Open_keysOfOtherVersions_areHeeded()
    {
        TinyFolder.Write(Folder, ConfigOf("lfm2"), change: json =>
        {
            json["layer_types"] = JsonNode.Parse("""["conv", "full_attention"]""");
            json["theta"] = 5000;
            json["tie_embedding"] = false;
            json["tie_word_embeddings"] = true;
            json["block_auto_adjust_ff_dim"] = false;
            json["block_ff_dim"] = 64;
        });
        Assert.Equal(ConfigOf("lfm2") with { RopeBase = 5000 }, Read());

        TinyFolder.Write(Folder, ConfigOf("lfm2") with { FeedForwardDim = 66 }, change: json =>
        {
            json["block_ff_dim"] = 100;
            json["block_ffn_dim_multiplier"] = null;
        });
        Assert.Equal(66, Read().FeedForwardDim);

        TinyFolder.Write(Folder, ConfigOf("qwen3moe"), change: json =>
        {
            json["num_local_experts"] = 4;
            json.Remove("num_experts");
        });
        Assert.Equal(ConfigOf("qwen3moe"), Read());
    }

    /// <summary>transformers 4 rounds what its own multiplier gives in doubles.</summary>
    [Theory]
    [InlineData(12288, 1.0, 256, 8192)]
    [InlineData(6656, 1.0, 256, 4608)]
    [InlineData(3840, 1.3, 256, 3328)]
    [InlineData(3840, 1.3, 1, 3328)]
    public void Open_aWidthThatIsCut_isThatOfTheTensors(int said, double multiplier, int unit, int width)
    {
        TinyFolder.Write(Folder, ConfigOf("lfm2") with { FeedForwardDim = width }, change: json =>
        {
            (json["block_ff_dim"], json["block_ffn_dim_multiplier"], json["block_multiple_of"]) = (said, multiplier, unit);
        });

        Assert.Equal(width, Read().FeedForwardDim);
    }

    [Theory]
    [InlineData("qwen3moe", "model.layers.1.mlp.experts.3.down_proj.weight")]
    [InlineData("qwen2moe", "model.layers.0.mlp.shared_expert_gate.weight")]
    [InlineData("mixtral", "model.layers.0.block_sparse_moe.gate.weight")]
    [InlineData("granitemoe", "model.layers.1.block_sparse_moe.input_linear.weight")]
    [InlineData("granitemoeshared", "model.layers.1.shared_mlp.output_linear.weight")]
    [InlineData("lfm2", "model.layers.0.conv.conv.weight")]
    [InlineData("lfm2", "model.layers.1.self_attn.k_layernorm.weight")]
    public void Open_withoutATensor_namesIt(string family, string name)
    {
        TinyFolder.Write(Folder, ConfigOf(family));
        TinyFolder.WriteWeights(Weights, ConfigOf(family), takes: tensor => tensor != name);

        AssertRefused($"tensor '{name}' is missing, which config.json says that the model has");
    }

    [Theory]
    [InlineData("qwen3moe", "model.layers.1.mlp.experts.3.down_proj.weight", "[16, 32]")]
    [InlineData("qwen2moe", "model.layers.0.mlp.shared_expert_gate.weight", "[32]")]
    [InlineData("granitemoe", "model.layers.1.block_sparse_moe.input_linear.weight", "[4, 64, 32]")]
    [InlineData("granitemoeshared", "model.layers.1.shared_mlp.input_linear.weight", "[24, 32]")]
    [InlineData("lfm2", "model.layers.0.conv.conv.weight", "[32, 3]")]
    public void Open_aTensorOfAnotherShape_namesIt(string family, string name, string shape)
    {
        var config = ConfigOf(family);
        TinyFolder.Write(Folder, config);
        Write(TinyFolder.Tensors(config).Select(tensor => tensor.Name == name
            ? (name, shape.Trim('[', ']').Split(',').Select(int.Parse).ToArray())
            : (tensor.Name, tensor.Shape)));

        AssertRefused($"model.safetensors: tensor '{name}' has the shape {shape}, not [");
    }

    [Fact]
    public void Open_expertsOfOneParameterThatDoNotFit_isRefused()
    {
        var config = ConfigOf("qwen3moe");
        TinyFolder.Write(Folder, config, stacked: true);
        Assert.Equal(config, Read());

        const string down = "model.layers.1.mlp.experts.down_proj", both = "model.layers.0.mlp.experts.gate_up_proj";
        TinyFolder.WriteWeights(Weights, config, takes: name => name != down, stacked: true);
        AssertRefused($"tensor '{down}' is missing");

        Write(TinyFolder.Tensors(config, stacked: true).Select(tensor => (tensor.Name, tensor.Name == both ? [4, 24, 32] : tensor.Shape)));
        AssertRefused($"tensor '{both}' has the shape [4, 24, 32], not [4, 32, 32]");
    }

    [Theory]
    [InlineData("qwen3moe", "model.layers.0.mlp.experts.4.up_proj.weight")]
    [InlineData("qwen3moe", "model.layers.0.mlp.gate_proj.weight")]
    [InlineData("qwen3moe", "model.layers.1.mlp.experts.gate_up_proj")]
    [InlineData("mixtral", "model.layers.0.self_attn.q_proj.bias")]
    [InlineData("granitemoe", "model.layers.0.shared_mlp.input_linear.weight")]
    [InlineData("llama", "model.layers.0.block_sparse_moe.gate.weight")]
    [InlineData("lfm2", "model.layers.0.conv.conv.bias")]
    [InlineData("lfm2", "model.layers.0.self_attn.q_proj.weight")]
    public void Open_aTensorThatTheFamilyHasNot_namesIt(string family, string name)
    {
        var config = ConfigOf(family);
        TinyFolder.Write(Folder, config);
        Write(TinyFolder.Tensors(config).Select(tensor => (tensor.Name, tensor.Shape)).Append((name, [32])));

        AssertRefused($"tensor '{name}' is not part of a model of the family {config.Architecture.Name}");
    }

    private static ModelConfig ConfigOf(string family) => family switch
    {
        "mixtral" => TinyModel.Config() with { Experts = new(4, 2, 64) },
        "granitemoeshared" => TinyModel.Config("granitemoe") with { Experts = new(4, 2, 64, SharedDim: 24), ScoreScale = 0.5f },
        "granitemoe" => TinyModel.Config("granitemoe") with { ScoreScale = 0.5f },
        // What its folders say, which nothing computes by.
        "qwen2moe" or "qwen3moe" => TinyModel.Config(family) with { FeedForwardDim = 48 },
        _ => TinyModel.Config(family),
    };

    private static JsonNode JsonOf(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;

    private void Write(IEnumerable<(string Name, int[] Shape)> tensors)
    {
        var writer = new SafetensorsWriter(TensorType.F32);
        foreach (var (name, shape) in tensors) writer.Add(name, shape, () => new float[shape.Aggregate(1, (a, b) => a * b)]);
        writer.Write(Weights);
    }

    private void Convert(string folder, string file)
    {
        using var opened = ModelFolder.Open(folder);
        new FolderConversion(opened, null, null, default).Write(_directory[file]);
    }

    private ModelConfig Read()
    {
        using var folder = ModelFolder.Open(Folder);
        return folder.Config;
    }

    private void AssertRefused(string problem) => Assert.Contains(
        problem,
        Assert.Throws<UserInputException>(() => ModelFolder.Open(Folder).Dispose()).Message,
        StringComparison.Ordinal);

    private sealed class Callback(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
