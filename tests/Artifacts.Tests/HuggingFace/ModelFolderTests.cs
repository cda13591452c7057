using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Artifacts.Tests.Safetensors;

namespace IterativeDpo.Artifacts.Tests.HuggingFace;

public sealed class ModelFolderTests : IDisposable
{
    private const string Query = "model.layers.0.self_attn.q_proj.weight";

    private readonly TemporaryDirectory _directory = new();

    public ModelFolderTests() => TinyFolder.Write(Folder, Config);

    private static ModelConfig Config { get; } = TinyModel.Config();

    private string Folder => _directory["hub"];

    private string Weights => In("model.safetensors");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(TensorType.F32, null, TensorType.F32)]
    [InlineData(TensorType.BF16, null, TensorType.BF16)]
    [InlineData(TensorType.BF16, TensorType.F16, TensorType.F16)]
    [InlineData(TensorType.F32, TensorType.Q8_0, TensorType.Q8_0)]
    public void Conversion_keepsTypesUnlessToldOtherwise(TensorType from, TensorType? to, TensorType expected)
    {
        TinyFolder.Write(Folder, Config, type: from);

        Convert(to);

        using var file = GgufFile.Open(_directory["m.gguf"]);
        Assert.Equal(expected, file.Tensors["blk.1.ffn_down.weight"].Type);
        Assert.Equal(TensorType.F32, file.Tensors["blk.1.ffn_norm.weight"].Type);
        var values = TinyFolder.Values(Config, new("blk.1.ffn_down.weight", [32, 64]));
        Assert.All(
            values.Zip(file.ReadFloat32(file.Tensors["blk.1.ffn_down.weight"])),
            pair => Assert.Equal(pair.First, pair.Second, 0.01f));
    }

    [Fact]
    public void Conversion_ofAModelInParts_isThatOfOneFile()
    {
        Convert(null);
        var whole = File.ReadAllBytes(_directory["m.gguf"]);
        WriteParts();

        Convert(null);

        Assert.Equal(whole, File.ReadAllBytes(_directory["m.gguf"]));
    }

    [Theory]
    [InlineData("language_model.model.", "language_model.lm_head.weight")]
    [InlineData("model.language_model.", "lm_head.weight")]
    public void Conversion_ofAModelForImages_isThatOfItsText(string prefix, string head)
    {
        Convert(null);
        var plain = File.ReadAllBytes(_directory["m.gguf"]);
        var writer = new SafetensorsWriter(TensorType.F32).Add("vision_tower.patch", [2], () => new float[2]);
        foreach (var tensor in Config.ListTensors())
        {
            var name = TinyFolder.NameOf(Config, tensor.Name);
            writer.Add(
                name == "lm_head.weight" ? head : prefix + name["model.".Length..],
                tensor.Shape,
                () => TinyFolder.Values(Config, tensor));
        }
        writer.Write(Weights);
        var config = JsonNode.Parse(File.ReadAllText(In("config.json")))!;
        File.WriteAllText(In("config.json"), new JsonObject { ["model_type"] = "mistral3", ["text_config"] = config }.ToJsonString());

        Convert(null);

        Assert.Equal(plain, File.ReadAllBytes(_directory["m.gguf"]));
    }

    [Fact]
    public void Digest_isOfEverythingThatAConversionDependsOn()
    {
        var before = DigestOf();
        File.WriteAllText(In("README.md"), "of no consequence");
        Assert.Equal(before, DigestOf());

        TinyFolder.WriteTokenizer(Folder, changeConfig: config => config["chat_template"] = "{{ messages }}");
        Assert.NotEqual(before, DigestOf());
    }

    [Fact]
    public void Tokens_withoutNames_fillTheRowsOfTheEmbedding()
    {
        TinyFolder.Write(Folder, Config with { VocabSize = 300 });

        Convert(null);

        using var file = GgufFile.Open(_directory["m.gguf"]);
        Assert.Equal("[PAD299]", file.Metadata.GetArray<string>("tokenizer.ggml.tokens")[299]);
        Assert.Equal(5, file.Metadata.GetArray<int>("tokenizer.ggml.token_type")[299]);
    }

    [Fact]
    public void Template_isThatOfItsFile_thenThoseOfTheTokenizer()
    {
        TinyFolder.WriteTokenizer(Folder, changeConfig: config => config["chat_template"] = JsonNode.Parse(
            """[{ "name": "default", "template": "one" }, { "name": "tool_use", "template": "two" }]"""));
        Convert(null);
        using (var file = GgufFile.Open(_directory["m.gguf"]))
        {
            Assert.Equal(
                ("one", "two"),
                (file.Metadata.GetString("tokenizer.chat_template"), file.Metadata.GetString("tokenizer.chat_template.tool_use")));
        }
        File.WriteAllText(In("chat_template.jinja"), "three\n");

        Convert(null);

        using var other = GgufFile.Open(_directory["m.gguf"]);
        Assert.Equal("three\n", other.Metadata.GetString("tokenizer.chat_template"));
    }

    [Fact]
    public void Head_ofARewardModel_isInTheGguf()
    {
        var writer = new SafetensorsWriter(TensorType.F32).Add("score.weight", [1, 32], () => new float[32]);
        foreach (var tensor in Config.ListTensors().Where(tensor => tensor.Name != "output.weight"))
            writer.Add(TinyFolder.NameOf(Config, tensor.Name), tensor.Shape, () => TinyFolder.Values(Config, tensor));
        writer.Write(Weights);
        Change("tie_word_embeddings", null);

        Convert(null);

        using var file = GgufFile.Open(_directory["m.gguf"]);
        ModelConfig.Read(file, withHead: true);
        Assert.Equal(32, RewardHead.Read(_directory["m.gguf"], 32).Weight.Length);
    }

    [Fact]
    public void Open_whatIsMissing_isNamed()
    {
        AssertRefused("none: there is no such folder", _directory["none"]);
        Directory.CreateDirectory(_directory["empty"]);
        AssertRefused("config.json: there is no such file, so this folder is no model", _directory["empty"]);
        File.Delete(Weights);
        AssertRefused("model.safetensors: there is no such file");
        File.WriteAllBytes(In("pytorch_model.bin"), [0x80, 4]);
        AssertRefused("pytorch_model.bin: these weights are a pickle, which can run any code");
    }

    [Fact]
    public void Open_anIndexThatDoesNotFitItsParts_isRefused()
    {
        WriteParts();
        var index = In("model.safetensors.index.json");
        var json = JsonNode.Parse(File.ReadAllText(index))!;

        json["weight_map"]!["model.other.weight"] = "model-2.safetensors";
        File.WriteAllText(index, json.ToJsonString());
        AssertRefused("index.json: 'weight_map.model.other.weight': 'model-2.safetensors' has no tensor of that name");

        json["weight_map"]!.AsObject().Remove("model.other.weight");
        json["weight_map"]!.AsObject().Remove(Query);
        File.WriteAllText(index, json.ToJsonString());
        AssertRefused($"model-1.safetensors: tensor '{Query}' is not in model.safetensors.index.json");

        json["weight_map"]![Query] = "../hub/model-1.safetensors";
        File.WriteAllText(index, json.ToJsonString());
        AssertRefused("'../hub/model-1.safetensors' is no name of a safetensors file of this folder");

        json["weight_map"]![Query] = "model-3.safetensors";
        File.WriteAllText(index, json.ToJsonString());
        AssertRefused("model-3.safetensors: there is no such file, but model.safetensors.index.json names it");
    }

    [Theory]
    [InlineData("F8_E4M3", "F8_E4M3, which this program does not read")]
    [InlineData("I32", "I32, which this program does not read")]
    public void Open_weightsOfAnotherType_isRefused(string type, string problem)
    {
        RawSafetensors.Write(Weights, $$$"""{"{{{Query}}}":{"dtype":"{{{type}}}","shape":[1],"data_offsets":[0,4]}}""", new byte[4]);

        AssertRefused($"model.safetensors: tensor '{Query}' is stored as {problem}");
    }

    [Fact]
    public void Open_aHeaderOfTenGigabytesOrOtherByteOrder_isRefused()
    {
        RawSafetensors.Write(Weights, "{}", [], 10_000_000_000);
        AssertRefused("model.safetensors: not a safetensors file: it begins with a header length of 10000000000");

        RawSafetensors.Write(Weights, "{}", [], System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(2ul));
        AssertRefused("it begins with a header length of 144115188075855872");
    }

    [Fact]
    public void Open_tensorsThatTheConfigurationDoesNotMean_isRefused()
    {
        TinyFolder.WriteWeights(Weights, Config with { FeedForwardDim = 32 });
        AssertRefused(
            "model.safetensors: tensor 'model.layers.0.mlp.gate_proj.weight' has the shape [32, 32], not [64, 32] as config.json says");

        TinyFolder.WriteWeights(Weights, Config, takes: name => name != Query);
        AssertRefused($"hub: tensor '{Query}' is missing, which config.json says that the model has");

        TinyFolder.WriteWeights(Weights, Config with { Layers = 3 });
        AssertRefused("tensor 'model.layers.2.input_layernorm.weight' is not part of a model of the family llama");
    }

    [Theory]
    [InlineData("model_type", "\"mamba\"", "'model_type': 'mamba' is not one of those that can be converted: llama, mistral")]
    [InlineData("hidden_act", "\"relu\"", "'hidden_act': 'relu' is not the 'silu' of this family")]
    [InlineData("hidden_size", "null", "'hidden_size': the key is missing")]
    [InlineData("hidden_size", "\"32\"", "'hidden_size': \"32\" is no whole number")]
    [InlineData("num_hidden_layers", "2000000000", "'num_hidden_layers': 2000000000 blocks, but there are 21 tensors")]
    [InlineData("quantization_config", "{}", "'quantization_config': the weights are quantised")]
    [InlineData("vocab_size", "300", "'vocab_size': 'model.embed_tokens.weight' has 264 rows")]
    [InlineData(
        "rope_scaling",
        "{ \"rope_type\": \"dynamic\", \"factor\": 2 }",
        "'rope_scaling.rope_type': 'dynamic' is not read in this family")]
    [InlineData("rope_scaling", "{ \"type\": \"yarn\", \"factor\": 2, \"beta_fast\": 8 }", "'rope_scaling.beta_fast': llama.cpp takes 32")]
    [InlineData("partial_rotary_factor", "0.5", "'partial_rotary_factor': 0.5, where heads of this family rotate whole")]
    public void Open_aConfigurationThatIsNotRead_namesItsKey(string key, string value, string problem)
    {
        Change(key, JsonNode.Parse(value));

        AssertRefused($"config.json: {problem}");
    }

    [Theory]
    [InlineData("model.merges", "null", "'model.merges': the key is missing")]
    [InlineData("model.type", "\"WordPiece\"", "'model.type': 'WordPiece' is not read")]
    [InlineData("model.type", "\"Unigram\"", "'model.type': 'Unigram' is not read: llama.cpp knows no byte_fallback in such a vocabulary")]
    [InlineData("model.vocab", "null", "'model.vocab': the key is missing")]
    [InlineData("model.merges", "[\"ab\"]", "'model.merges': an entry is not two pieces")]
    [InlineData("model.byte_fallback", "true", "'pre_tokenizer': a vocabulary of SentencePiece has none")]
    [InlineData(
        "pre_tokenizer",
        "{ \"type\": \"Whitespace\" }",
        "'pre_tokenizer': these are not the rules of any that llama.cpp knows and this program tells: gpt-2, smollm")]
    [InlineData("pre_tokenizer", "{ \"type\": \"ByteLevel\", \"add_prefix_space\": true }", "'pre_tokenizer': these are not the rules")]
    [InlineData("normalizer", "{ \"type\": \"Lowercase\" }", "'normalizer': 'Lowercase' changes texts")]
    [InlineData("model.dropout", "0.1", "'model.dropout': merges that are left out")]
    [InlineData("model.vocab", "{ \"a\": 999 }", "'model.vocab.a': its id is 999")]
    public void Write_aTokenizerThatLlamaCppHasNot_namesItsKey(string key, string value, string problem)
    {
        TinyFolder.WriteTokenizer(
            Folder,
            json =>
                (key.StartsWith("model.", StringComparison.Ordinal) ? json["model"]! : json)[key[(key.IndexOf('.') + 1)..]] =
                    JsonNode.Parse(value));

        var e = Assert.Throws<UserInputException>(() => Convert(null));

        Assert.Contains($"tokenizer.json: {problem}", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory["m.gguf"]));
    }

    [Fact]
    public void Write_mergesThatBelongToMoreThanTheirTokens_areMissed()
    {
        TinyFolder.Write(Folder, Config with { VocabSize = 265 });
        TinyFolder.WriteTokenizer(Folder, json => json["model"]!["vocab"]!["ab"] = 264);

        Assert.Contains(
            "'model.merges': there are none",
            Assert.Throws<UserInputException>(() => Convert(null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Write_asATypeThatItsRowsDoNotFit_isRefused()
    {
        TinyFolder.Write(Folder, Config with { FeedForwardDim = 48 });

        Assert.Contains(
            "has rows of 48, and Q8_0 needs a multiple of 32",
            Assert.Throws<UserInputException>(() => Convert(TensorType.Q8_0)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Open_aLinkOutOfTheFolder_isRefused()
    {
        File.Move(Weights, _directory["elsewhere.safetensors"]);
        File.CreateSymbolicLink(Weights, _directory["elsewhere.safetensors"]);

        AssertRefused("model.safetensors: this is a link out of the folder");
    }

    [Fact]
    public void Open_theLinksOfTheHubsCache_areFollowed()
    {
        var (blobs, snapshots) = (_directory["blobs"], _directory["snapshots"]);
        Directory.CreateDirectory(blobs);
        Directory.CreateDirectory(snapshots);
        Directory.Move(Folder, Path.Combine(snapshots, "revision"));
        foreach (var file in Directory.GetFiles(Path.Combine(snapshots, "revision")))
        {
            var blob = Path.Combine(blobs, $"{Path.GetFileName(file).Length}");
            File.Move(file, blob);
            File.CreateSymbolicLink(file, Path.Combine("..", "..", "blobs", Path.GetFileName(blob)));
        }

        using var folder = ModelFolder.Open(Path.Combine(snapshots, "revision"));

        Assert.Equal(Config, folder.Config);
    }

    private string In(string name) => Path.Combine(Folder, name);

    private void Change(string key, JsonNode? value)
    {
        var json = JsonNode.Parse(File.ReadAllText(In("config.json")))!;
        json[key] = value;
        File.WriteAllText(In("config.json"), json.ToJsonString());
    }

    private void WriteParts()
    {
        File.Delete(Weights);
        TinyFolder.WriteWeights(In("model-1.safetensors"), Config, takes: IsFirst);
        TinyFolder.WriteWeights(In("model-2.safetensors"), Config, takes: name => !IsFirst(name));
        var map = new JsonObject(Config.ListTensors().Select(tensor => TinyFolder.NameOf(Config, tensor.Name))
            .Select(name => KeyValuePair.Create(name, (JsonNode?)(IsFirst(name) ? "model-1.safetensors" : "model-2.safetensors"))));
        File.WriteAllText(
            In("model.safetensors.index.json"),
            new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());

        static bool IsFirst(string name) => name.Contains("layers.0", StringComparison.Ordinal);
    }

    private void Convert(TensorType? type)
    {
        using var folder = ModelFolder.Open(Folder);
        new FolderConversion(folder, type, null, default).Write(_directory["m.gguf"]);
    }

    private Digest DigestOf()
    {
        using var folder = ModelFolder.Open(Folder);
        return folder.DigestOf(default);
    }

    private void AssertRefused(string problem, string? folder = null) =>
        Assert.Contains(
            problem,
            Assert.Throws<UserInputException>(() => ModelFolder.Open(folder ?? Folder).Dispose()).Message,
            StringComparison.Ordinal);
}
