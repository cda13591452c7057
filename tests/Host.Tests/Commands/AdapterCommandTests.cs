using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Host.Commands;

namespace IterativeDpo.Host.Tests.Commands;

/// <summary><c>dpo export</c> and <c>dpo import</c>, on an adapter of the bundled seed policy.</summary>
public sealed class AdapterCommandTests : IDisposable
{
    private static readonly Digest s_base = Digest.OfFile(BundledFiles.SeedModel);
    private static readonly ModelConfig s_config = ReadConfig();

    private readonly string _root = Directory.CreateTempSubdirectory("dpo-adapter-").FullName;

    public AdapterCommandTests() => Write(Adapter, s_base);

    private string Adapter => In("adapter.gguf");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task ExportToPeftAndImport_givesTheSameTensors()
    {
        Assert.Equal(ExitCodes.Done, await RunAsync("export", Adapter, "--to", "peft", "--out", In("peft"), "--base-name", "org/seed"));
        Assert.Equal(ExitCodes.Done, await RunAsync("import", In("peft"), "--out", In("back.gguf")));

        var (before, after) = (LoraAdapter.Read(Adapter, s_config, s_base), LoraAdapter.Read(In("back.gguf"), s_config, s_base));
        Assert.Equal((before.Rank, before.Alpha), (after.Rank, after.Alpha));
        Assert.Equal(before.Maps.Select(map => map.Tensor), after.Maps.Select(map => map.Tensor));
        Assert.Equal(before.Maps.SelectMany(map => map.A.Concat(map.B)), after.Maps.SelectMany(map => map.A.Concat(map.B)));
        Assert.Contains(
            "\"base_model_name_or_path\": \"org/seed\"",
            await File.ReadAllTextAsync(Path.Combine(In("peft"), "adapter_config.json")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, TensorType.F16)]
    [InlineData("keep", TensorType.F16)]
    [InlineData("f32", TensorType.F32)]
    [InlineData("q8_0", TensorType.Q8_0)]
    public async Task ExportMerged_writesAModelOfThatType(string? type, TensorType expected)
    {
        string[] typed = type is null ? [] : ["--type", type];
        Assert.Equal(ExitCodes.Done, await RunAsync(["export", Adapter, "--to", "merged", "--out", In("merged.gguf"), .. typed]));

        using var merged = GgufFile.Open(In("merged.gguf"));
        Assert.Equal(s_config, ModelConfig.Read(merged));
        Assert.Equal(expected, merged.Tensors["blk.0.attn_q.weight"].Type);
    }

    [Fact]
    public async Task ExportToGguf_quantisedByLlamaCpp_isTheMergedModelAndMeasured()
    {
        await File.WriteAllTextAsync(In("text.txt"), "What is 61 + 2? The words in reverse order: one two three.");

        Assert.Equal(
            ExitCodes.Done,
            await RunAsync(
                "export",
                Adapter,
                "--to",
                "gguf",
                "--out",
                In("q.gguf"),
                "--type",
                "q4_0",
                "--text",
                In("text.txt"),
                "--threads",
                "1"));

        await RunAsync("export", Adapter, "--to", "gguf", "--out", In("merged.gguf"), "--type", "f32");
        using var merged = GgufFile.Open(In("merged.gguf"));
        using var quantised = GgufFile.Open(In("q.gguf"));
        var map = quantised.Tensors["blk.0.ffn_up.weight"];
        Assert.Equal(TensorType.Q4_0, map.Type);
        var values = merged.ReadFloat32(merged.Tensors[map.Name]);
        Assert.Equal(values, quantised.ReadFloat32(map), (one, other) => Math.Abs(one - other) < values.Max(Math.Abs) / 6);
        Assert.Equal(
            ["adapter.gguf", "merged.gguf", "q.gguf", "text.txt"],
            Directory.EnumerateFiles(_root).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("gguf", "f16")]
    [InlineData("hf", "f16")]
    public async Task Export_withATextAndNothingQuantised_isRefused(string to, string type)
    {
        await File.WriteAllTextAsync(In("text.txt"), "text");
        await AssertRefusedAsync(
            "--text is for models that are quantised",
            "export",
            Adapter,
            "--to",
            to,
            "--out",
            In("out"),
            "--type",
            type,
            "--text",
            In("text.txt"));
    }

    [Fact]
    public async Task ExportToHf_writesTheMergedModelAsAFolder()
    {
        Assert.Equal(ExitCodes.Done, await RunAsync("export", Adapter, "--to", "hf", "--out", In("hub"), "--type", "f32"));
        Assert.Equal(ExitCodes.Done, await RunAsync("export", Adapter, "--to", "merged", "--out", In("merged.gguf"), "--type", "f32"));
        Assert.Equal(ExitCodes.Done, await RunAsync("convert-model", In("hub"), "--out", In("back.gguf")));

        using var merged = GgufFile.Open(In("merged.gguf"));
        using var back = GgufFile.Open(In("back.gguf"));
        Assert.Equal(s_config, ModelConfig.Read(back));
        Assert.All(
            s_config.ListTensors(),
            tensor => Assert.Equal(merged.ReadFloat32(merged.Tensors[tensor.Name]), back.ReadFloat32(back.Tensors[tensor.Name])));
        Assert.Equal(merged.Metadata.GetArray<string>("tokenizer.ggml.tokens"), back.Metadata.GetArray<string>("tokenizer.ggml.tokens"));
        Assert.Equal(merged.Metadata.GetString("tokenizer.chat_template"), back.Metadata.GetString("tokenizer.chat_template"));
    }

    [Fact]
    public async Task ExportToHf_ofAWholeModel_needsNoAdapter()
    {
        Assert.Equal(ExitCodes.Done, await RunAsync("export", BundledFiles.SeedModel, "--to", "hf", "--out", In("hub"), "--json"));

        Assert.Contains(
            "\"torch_dtype\": \"float16\"",
            await File.ReadAllTextAsync(Path.Combine(In("hub"), "config.json")),
            StringComparison.Ordinal);
        await AssertRefusedAsync("there is something already", "export", BundledFiles.SeedModel, "--to", "hf", "--out", In("hub"));
    }

    [Fact]
    public async Task ExportToHf_withTheFolderThatTheBaseCameFrom_hasItsTokenizer()
    {
        await RunAsync("export", BundledFiles.SeedModel, "--to", "hf", "--out", In("hub"));
        await File.WriteAllTextAsync(Path.Combine(In("hub"), "chat_template.jinja"), "{{ messages }}");
        await RunAsync("convert-model", In("hub"), "--out", In("base.gguf"));
        Write(Adapter, Digest.OfFile(In("base.gguf")));

        Assert.Equal(ExitCodes.Done, await RunAsync("export", Adapter, "--model", In("hub"), "--to", "hf", "--out", In("tuned")));

        Assert.All(["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "config.json"], name =>
            Assert.Equal(File.ReadAllText(Path.Combine(In("hub"), name)), File.ReadAllText(Path.Combine(In("tuned"), name))));
    }

    [Theory]
    [InlineData("peft", "q8_0")]
    [InlineData("hf", "q8_0")]
    [InlineData("peft", "keep")]
    public async Task Export_withATypeThatSafetensorsLack_isRefused(string to, string type) =>
        await AssertRefusedAsync($"--type {type} is for merged models", "export", Adapter, "--to", to, "--out", In("out"), "--type", type);

    [Fact]
    public async Task ExportMerged_withABaseName_isRefused() =>
        await AssertRefusedAsync(
            "--base-name is for --to peft",
            "export",
            Adapter,
            "--to",
            "merged",
            "--out",
            In("out"),
            "--base-name",
            "x");

    [Fact]
    public async Task Export_withTheAdapterOfAnotherBase_isRefused()
    {
        Write(Adapter, Digest.Of([1]));
        await AssertRefusedAsync("belongs to another base model", "export", Adapter, "--to", "peft", "--out", In("out"));
    }

    [Fact]
    public async Task Export_ofAMissingAdapterOrModel_namesIt()
    {
        await AssertRefusedAsync("none.gguf: there is no such file", "export", In("none.gguf"), "--to", "peft", "--out", In("out"));
        await AssertRefusedAsync(
            "none.gguf: there is no such file",
            "export",
            Adapter,
            "--model",
            In("none.gguf"),
            "--to",
            "peft",
            "--out",
            In("out"));
    }

    [Fact]
    public async Task Export_ofAModelInPlaceOfTheAdapter_saysWhatItIs() =>
        await AssertRefusedAsync("'general.type' is 'model'", "export", BundledFiles.SeedModel, "--to", "peft", "--out", In("out"));

    [Theory]
    [InlineData("merged")]
    [InlineData("peft")]
    public async Task Export_ontoWhatIsThere_needsForce(string to)
    {
        var output = to == "peft" ? Directory.CreateDirectory(In("old")).FullName : In("old.gguf");
        var old = to == "peft" ? Path.Combine(output, "adapter_config.json") : output;
        await File.WriteAllTextAsync(old, "old");

        await AssertRefusedAsync("there is something already", "export", Adapter, "--to", to, "--out", output);
        Assert.Equal("old", await File.ReadAllTextAsync(old));
        Assert.Equal(ExitCodes.Done, await RunAsync("export", Adapter, "--to", to, "--out", output, "--force"));
        Assert.NotEqual("old", await File.ReadAllTextAsync(old));
    }

    [Fact]
    public async Task Export_ontoItsOwnInput_isRefusedWithForceToo()
    {
        await AssertRefusedAsync("the command reads this file", "export", Adapter, "--to", "merged", "--out", Adapter, "--force");
        await AssertRefusedAsync("the command reads this file", "import", In("peft"), "--model", Adapter, "--out", Adapter, "--force");
    }

    [Fact]
    public async Task Export_ontoTheOtherKind_isRefusedWithForceToo()
    {
        await AssertRefusedAsync("this is a directory", "export", Adapter, "--to", "merged", "--out", _root, "--force");
        await AssertRefusedAsync("this is a file", "export", Adapter, "--to", "peft", "--out", Adapter, "--force");
    }

    [Fact]
    public async Task Import_ofAnotherBasesAdapter_namesTensorAndShape()
    {
        await RunAsync("export", Adapter, "--to", "peft", "--out", In("peft"));
        var other = In("other.gguf");
        var config = s_config with { Dim = 32, Layers = 2 };
        var shapes = config.ListTensors().ToDictionary(tensor => tensor.Name, tensor => tensor.Shape.Aggregate(1, (a, b) => a * b));
        ModelWriter.Write(other, "other", config with { VocabSize = ByteVocabulary.Size }, name => new float[shapes[name]], TensorType.F32);

        await AssertRefusedAsync("it fits another base", "import", In("peft"), "--model", other, "--out", In("out"));
    }

    [Fact]
    public async Task Import_ofAnotherProgramsGguf_isAnAdapterOfThisBase()
    {
        var writer = new GgufWriter();
        using (var file = GgufFile.Open(Adapter))
        {
            foreach (var (key, value) in file.Metadata.Where(entry => !entry.Key.StartsWith("iterativedpo.", StringComparison.Ordinal)))
                writer.Set(key, value!);
            foreach (var (name, tensor) in file.Tensors) writer.Add(name, tensor.Shape, TensorType.F32, file.ReadFloat32(tensor));
        }
        writer.Write(In("foreign.gguf"));

        Assert.Equal(ExitCodes.Done, await RunAsync("import", In("foreign.gguf"), "--out", In("own.gguf")));

        var (before, after) = (LoraAdapter.Read(Adapter, s_config, s_base), LoraAdapter.Read(In("own.gguf"), s_config, s_base));
        Assert.Equal(before.Alpha, after.Alpha);
        Assert.Equal(before.Maps.SelectMany(map => map.A.Concat(map.B)), after.Maps.SelectMany(map => map.A.Concat(map.B)));
    }

    [Fact]
    public async Task Import_ofAMissingDirectory_namesIt() =>
        await AssertRefusedAsync("there is no such directory", "import", In("none"), "--out", In("out"));

    [Theory]
    [InlineData("--to takes one of peft, gguf, merged, hf; 'onnx' is none of them.", "--to", "onnx")]
    [InlineData(
        "--type takes one of f32, f16, bf16, q8_0, q6_k, q5_k_m, q5_k_s, q5_1, q5_0, q4_k_m, q4_k_s, iq4_xs, iq4_nl, q4_1, q4_0, q3_k_m, q2_k, keep; 'q4_k' is none of them.",
        "--to",
        "merged",
        "--type",
        "q4_k")]
    [InlineData("Option '--to' is required.")]
    public void Export_withAWrongWord_listsTheWords(string message, params string[] more)
    {
        var parsed = RootCommands.Create().Parse(["export", Adapter, "--out", In("out"), .. more]);
        Assert.Contains(parsed.Errors, error => error.Message == message);
    }

    private string In(string name) => Path.Combine(_root, name);

    private static void Write(string path, Digest baseDigest)
    {
        var maps = s_config.ListBlockMaps().Where(tensor => !tensor.Name.Contains("ffn", StringComparison.Ordinal))
            .Select(tensor => new LoraMap(tensor.Name, Ramp(2 * tensor.Shape[1]), Ramp(tensor.Shape[0] * 2)));
        new LoraAdapter(2, 4, new(baseDigest, null, "tests", 1, "{}"), [.. maps]).Write(path, s_config);
    }

    private static float[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => i % 101 / 101f - 0.5f)];

    private static ModelConfig ReadConfig()
    {
        using var file = GgufFile.Open(BundledFiles.SeedModel);
        return ModelConfig.Read(file);
    }

    private static Task<int> RunAsync(params string[] arguments) =>
        RootCommands.Create().Parse(arguments).InvokeAsync(new() { EnableDefaultExceptionHandler = false });

    private async Task AssertRefusedAsync(string problem, params string[] arguments)
    {
        var error = await Assert.ThrowsAsync<UserInputException>(() => RunAsync(arguments));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(In("out")));
    }
}
