using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.HuggingFace;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Models;
using IterativeDpo.Judging.Reward;

namespace IterativeDpo.Host.Tests.Models;

public sealed class ModelFoldersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("dpo-folders-").FullName;

    public ModelFoldersTests() => TinyFolder.Write(Folder, TinyModel.Config());

    private string Folder => Path.Combine(_root, "tiny-model");

    private string Cache => Path.Combine(_root, "cache");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task FileOf_aFolder_isConvertedOnceInTheCache()
    {
        var first = await ModelFolders.FileOfAsync($"{Folder}/", default, Cache);
        var written = File.GetLastWriteTimeUtc(first);
        var again = await ModelFolders.FileOfAsync(Folder, default, Cache);

        Assert.Equal((first, written), (again, File.GetLastWriteTimeUtc(again)));
        Assert.StartsWith(Cache, first, StringComparison.Ordinal);
        Assert.Equal("tiny-model.gguf", Path.GetFileName(first));
        Assert.True(ModelReport.Of(first, [], logits: false, threads: 1).Check!.Agrees);
    }

    [Fact]
    public async Task FileOf_aFolderThatWasChanged_isAnotherFile()
    {
        var first = await ModelFolders.FileOfAsync(Folder, default, Cache);
        TinyFolder.WriteTokenizer(Folder, changeConfig: config => config["chat_template"] = "{{ messages }}");

        Assert.NotEqual(first, await ModelFolders.FileOfAsync(Folder, default, Cache));
    }

    [Fact]
    public async Task FileOf_aFile_isTheFile() => Assert.Equal("m.gguf", await ModelFolders.FileOfAsync("m.gguf", default, Cache));

    [Fact]
    public async Task FileOf_aFolderThatGivesNoModelOfOurs_leavesNothing()
    {
        var config = Path.Combine(Folder, "config.json");
        var json = JsonNode.Parse(await File.ReadAllTextAsync(config))!;
        json["rope_theta"] = -1;
        await File.WriteAllTextAsync(config, json.ToJsonString());

        var e = await Assert.ThrowsAsync<UserInputException>(() => ModelFolders.FileOfAsync(Folder, default, Cache));

        Assert.Contains("'llama.rope.freq_base': -1 is out of range", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Cache, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task WithFiles_aCampaignOfFolders_hasFiles()
    {
        var conf = Path.Combine(_root, "c.conf");
        await File.WriteAllTextAsync(conf, """
            campaign { name = a, model = tiny-model, rounds = 1, prompts.tasks = [add]
              judging.judges { reward { type = reward-model, model = tiny-model }, small { type = llm, model = tiny-model } } }
            """);
        var options = CampaignConfiguration.Load(conf).Options;

        var files = await ModelFolders.WithFilesAsync(options, default, Cache);

        Assert.Equal((Folder, true), (options.ModelPath, File.Exists(files.ModelPath)));
        Assert.All(files.Judging.Judges!.OfType<RewardModelOptions>(), judge => Assert.Equal(files.ModelPath, judge.ModelPath));
        Assert.Equal(files, await ModelFolders.WithFilesAsync(files, default, Cache));
    }

    [Theory]
    [InlineData(null, TensorType.F32)]
    [InlineData("q8_0", TensorType.Q8_0)]
    public async Task ConvertModel_writesAGgufOfThatType(string? type, TensorType expected)
    {
        var output = Path.Combine(_root, "out.gguf");
        string[] typed = type is null ? ["--json"] : ["--type", type];

        Assert.Equal(ExitCodes.Done, await RootCommands.Create().Parse(["convert-model", Folder, "--out", output, .. typed]).InvokeAsync());

        using var file = GgufFile.Open(output);
        Assert.Equal(TinyModel.Config(), ModelConfig.Read(file));
        Assert.Equal(expected, file.Tensors["blk.0.attn_q.weight"].Type);
    }

    /// <summary>From a folder to an adapter's merged one: trainer and llama.cpp compute the same of both.</summary>
    [Theory]
    [InlineData("qwen2moe")]
    [InlineData("qwen3moe")]
    [InlineData("olmoe")]
    [InlineData("granitemoe")]
    [InlineData("lfm2")]
    public async Task Export_ofAnAdapterOfAFolder_isAFolderAgain(string family)
    {
        var config = TinyModel.Config(family) with { FeedForwardDim = 48, TiedEmbeddings = family is "qwen3moe" or "lfm2" };
        if (family is "granitemoe" or "olmoe") config = config with { Experts = new(4, 2, 48) };
        TinyFolder.Write(Folder, config);
        var file = await ModelFolders.FileOfAsync(Folder, default, Cache);
        var (adapter, back) = (Path.Combine(_root, "adapter.gguf"), Path.Combine(_root, "back"));
        LoraMap[] maps =
        [
            .. config.ListBlockMaps().Select(map => new LoraMap(
                map.Name,
                TinyModel.Values(new($"{map.Name}.a", LoraShapes.A(map.Shape, 2))),
                TinyModel.Values(new($"{map.Name}.b", LoraShapes.B(map.Shape, 2))))),
        ];
        new LoraAdapter(2, 0.5f, new AdapterManifest(Digest.OfFile(file), null, "", 1, "{}"), maps).Write(adapter, config);

        foreach (var (to, output) in new[] { ("hf", back), ("gguf", Path.Combine(_root, "merged.gguf")) })
        {
            string[] arguments = ["export", adapter, "--model", file, "--to", to, "--out", output, "--type", "f32"];
            Assert.Equal(ExitCodes.Done, await RootCommands.Create().Parse(arguments).InvokeAsync());
        }

        var converted = await ModelFolders.FileOfAsync(back, default, Cache);
        using var expected = GgufFile.Open(Path.Combine(_root, "merged.gguf"));
        using var actual = GgufFile.Open(converted);
        Assert.All(
            expected.Tensors.Values,
            tensor => Assert.Equal(expected.ReadFloat32(tensor), actual.ReadFloat32(actual.Tensors[tensor.Name])));
        foreach (var model in new[] { file, converted })
        {
            var report = ModelReport.Of(model, [], logits: false, threads: 1);
            Assert.Null(report.Problem);
            Assert.True(report.Check!.Agrees);
        }
    }

    [Fact]
    public async Task ConvertModel_quantisedByLlamaCpp_saysWhatThatCosts()
    {
        var config = TinyModel.Config() with { Dim = 256, HeadDim = 64, RopeDim = 64, FeedForwardDim = 256 };
        TinyFolder.Write(Folder, config);
        var (output, whole, text) = (Path.Combine(_root, "q.gguf"), Path.Combine(_root, "f.gguf"), Path.Combine(_root, "text.txt"));
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("Any text. ", 30)));

        Assert.Equal(
            ExitCodes.Done,
            await RootCommands
                .Create()
                .Parse(["convert-model", Folder, "--out", output, "--type", "q4_k_m", "--text", text, "--threads", "1"])
                .InvokeAsync());

        await RootCommands.Create().Parse(["convert-model", Folder, "--out", whole]).InvokeAsync();
        using var file = GgufFile.Open(output);
        Assert.Equal(TensorType.Q4_K, file.Tensors["blk.0.ffn_up.weight"].Type);
        Assert.Equal(TensorType.F32, file.Tensors["blk.0.ffn_norm.weight"].Type);
        var cost = QuantisationCost.Of(whole, output, text, threads: 1);
        // BOS and 300 bytes in windows of the context's 128, of which the first of each is not computed.
        Assert.Equal(298, cost.Tokens);
        Assert.Equal(cost.LogProbAfter - cost.LogProbBefore, cost.Difference, 1e-9);
        Assert.Equal((Math.Exp(-cost.LogProbBefore), Math.Exp(-cost.LogProbAfter)), (cost.PerplexityBefore, cost.PerplexityAfter));
        Assert.InRange(Math.Abs(cost.Difference), 1e-5, 1);
        Assert.Equal(0, QuantisationCost.Of(whole, whole, text, threads: 1).Difference);
        // Random weights know nothing of 264 tokens.
        Assert.InRange(cost.PerplexityBefore, 100, 2000);
    }

    [Fact]
    public async Task ConvertModel_ofAFile_isRefused()
    {
        var parsed = RootCommands.Create().Parse(["convert-model", BundledFiles.SeedModel, "--out", Path.Combine(_root, "out.gguf")]);

        var e = await Assert.ThrowsAsync<UserInputException>(() => parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false }));

        Assert.Contains("this is a file, and a model's folder is converted", e.Message, StringComparison.Ordinal);
    }
}
