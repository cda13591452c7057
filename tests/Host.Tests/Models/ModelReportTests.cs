using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Models;

namespace IterativeDpo.Host.Tests.Models;

public sealed class ModelReportTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("dpo-model-").FullName;

    private string Model => Path.Combine(_root, "m.gguf");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Of_the_bundled_policy_agrees()
    {
        var report = ModelReport.Of(BundledFiles.SeedModel, [], logits: false, threads: 1);

        Assert.Equal(
            (ExitCodes.Done, "llama", 806_016, 256, 264),
            (report.ExitCode, report.Architecture, report.Parameters, report.ContextLength, report.Vocabulary));
        Assert.Equal(64, report.Check!.Tokens);
        Assert.InRange(report.Check.MaxAbsDiff!.Value, 0, report.Check.Limit);
        Assert.True(report.ChatTemplate);
        Assert.Null(report.Logits);
        Assert.InRange(report.MemoryBytes!.Lora, report.MemoryBytes.Qlora, report.MemoryBytes.Full);
    }

    [Theory]
    [InlineData("qwen3", true)]
    [InlineData("gemma3", true)]
    [InlineData("phi3", false)]
    [InlineData("qwen2moe", false)]
    [InlineData("lfm2", true)]
    [InlineData("qwen35", true)]
    [InlineData("gpt-oss", false)]
    public void Of_every_family_gives_logits_that_llama_cpp_gives(string architecture, bool tied)
    {
        TinyModel.Write(Model, TinyModel.Config(architecture) with { TiedEmbeddings = tied });

        var report = ModelReport.Of(Model, [1, 2, 3], logits: true, threads: 1);

        Assert.Equal((ExitCodes.Done, 3), (report.ExitCode, report.Check!.Tokens));
        var expected = LlamaLogits.Compute(Model, [1, 2, 3], 1);
        Assert.Equal(3, report.Logits!.Length);
        Assert.All(
            expected.Zip(report.Logits),
            row => Assert.All(row.First.Zip(row.Second), pair => Assert.Equal(pair.First, pair.Second, 1e-2f)));
    }

    [Theory]
    [InlineData("general.architecture", "mamba", "the architecture 'mamba' is not supported")]
    [InlineData("llama.expert_used_count", 2u, "'llama.expert_used_count': there are no experts")]
    public void Of_a_model_that_is_not_trained_says_why(string key, object value, string problem)
    {
        TinyModel.WriteChanged(Model, metadata => metadata[key] = value);

        var report = ModelReport.Of(Model, [], logits: false, threads: 1);

        Assert.Equal((ExitCodes.BadInput, false), (report.ExitCode, report.Supported));
        Assert.Contains(problem, report.Problem, StringComparison.Ordinal);
        Assert.Null(report.Check);
        Assert.True(report.Parameters > 0);
    }

    [Fact]
    public void Of_other_tokens_than_the_model_has_names_them()
    {
        TinyModel.Write(Model, TinyModel.Config());

        Assert.Contains("264 is not one of the model's 264 tokens", MessageOf(1, 264), StringComparison.Ordinal);
        Assert.Contains("129 tokens, and the model's context is 128", MessageOf(new int[129]), StringComparison.Ordinal);

        string MessageOf(params int[] ids) => Assert.ThrowsAny<UserInputException>(() => ModelReport.Of(Model, ids, false, 1)).Message;
    }

    [Fact]
    public void Agreement_is_what_the_check_says()
    {
        Assert.True(new ModelCheck(3, 0.1f, 0.2f).Agrees);
        Assert.False(new ModelCheck(3, 0.3f, 0.2f).Agrees);
        Assert.False(new ModelCheck(3, null, 0.2f).Agrees);
        var report = new ModelReport(
            "llama",
            "",
            1,
            1,
            1,
            false,
            new Dictionary<string, int>(),
            true,
            null,
            null,
            new(3, 0.3f, 0.2f),
            null);
        Assert.Equal(ExitCodes.Failed, report.ExitCode);
    }

    [Theory]
    [InlineData(ExitCodes.Done)]
    [InlineData(ExitCodes.Done, "--json", "--tokens", "1,2,3", "--logits")]
    public async Task Command_on_the_bundled_policy_exits_with_what_came_of_it(int exitCode, params string[] arguments) =>
        Assert.Equal(
            exitCode,
            await RootCommands.Create().Parse(["model", BundledFiles.SeedModel, "--threads", "1", .. arguments]).InvokeAsync());

    [Theory]
    [InlineData(2, "--tokens", "1,x")]
    [InlineData(2, "--tokens", "1;2")]
    [InlineData(2, "--tokens", "-1")]
    public void Command_with_tokens_that_are_none_is_refused(int errors, params string[] arguments) =>
        Assert.InRange(RootCommands.Create().Parse(["model", Model, .. arguments]).Errors.Count, 1, errors);
}
