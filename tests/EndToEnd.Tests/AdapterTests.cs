using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>An adapter trained, exported, imported and merged by the real executable.</summary>
public sealed class AdapterTests : IDisposable
{
    private readonly TinyTraining _training = new(pairs: 8);

    public void Dispose() => _training.Dispose();

    [Fact]
    public void Adapter_throughPeftAndBack_samplesTheSame()
    {
        var adapter = Train("training.lora.use-rslora=true", "training.lora.targets=[\"attn_*\", \"blk.[0-1].ffn_down\"]");
        var (peft, back) = (_training.PathOf("peft"), _training.PathOf("back.gguf"));

        using var export = DpoProcess.Run("export", adapter, "--to", "peft", "--out", peft, "--json");
        using var import = DpoProcess.Run("import", peft, "--out", back, "--json");

        Assert.True(export.ExitCode == 0, export.Errors);
        Assert.True(import.ExitCode == 0, import.Errors);
        Assert.Equal(18, export.Json.GetProperty("maps").GetInt32());
        // 32 alpha of rank 16: the file has alpha / rank, where rsLoRA has alpha / 4.
        Assert.Equal(128, import.Json.GetProperty("alpha").GetSingle());
        Assert.Equal(Sample("--adapter", adapter), Sample("--adapter", back));
        Assert.NotEqual(Sample(), Sample("--adapter", back));
    }

    [Fact]
    public void Adapter_merged_isAModelThatSamples()
    {
        var adapter = Train("training.lora.targets=all");
        var merged = _training.PathOf("merged.gguf");

        using var export = DpoProcess.Run("export", adapter, "--to", "merged", "--out", merged, "--type", "f32", "--json");

        Assert.True(export.ExitCode == 0, export.Errors);
        Assert.Contains("merging 28/28", export.Errors, StringComparison.Ordinal);
        Assert.NotEqual(Sample(), Sample("--model", merged));
    }

    /// <summary>llama.cpp reads the parts of a model by itself; the trainer, adapters and digests must mean the same model.</summary>
    [Fact]
    public void Model_inSeveralFiles_isSampledTrainedMergedAndRunAsAWhole()
    {
        var parts = SplitModel.Write(TinyTraining.Model, _training.PathOf("parts"), 3);
        using var train = DpoProcess.Run(_training.Arguments("of-parts", "--model", parts));
        Assert.True(train.ExitCode == 0, train.Errors);
        var (adapter, whole, merged) = (
            Path.Combine(_training.PathOf("of-parts"), "adapter.gguf"),
            Train(),
            _training.PathOf("merged.gguf"));
        using var export = DpoProcess.Run("export", adapter, "--model", parts, "--to", "merged", "--out", merged, "--type", "f32");
        using var exportWhole = DpoProcess.Run(
            "export",
            whole,
            "--to",
            "merged",
            "--out",
            _training.PathOf("of-whole.gguf"),
            "--type",
            "f32");
        using var over = DpoProcess.Run(
            "export",
            adapter,
            "--model",
            parts,
            "--to",
            "merged",
            "--out",
            SplitModel.PathOf(_training.PathOf("parts"), 1, 3),
            "--force");
        using var foreign = DpoProcess.Run("generate", "What is 61 + 2?", "--threads", "1", "--adapter", adapter);
        using var campaign = new TinyCampaign(extra: $"model = \"{parts}\", rounds = 1");
        using var run = campaign.Run();

        Assert.Equal(Sample(), Sample("--model", parts));
        Assert.NotEqual(Sample(), Sample("--adapter", whole));
        Assert.Equal(Sample("--adapter", whole), Sample("--model", parts, "--adapter", adapter));
        Assert.True(export.ExitCode == 0, export.Errors);
        Assert.Equal(File.ReadAllBytes(_training.PathOf("of-whole.gguf")), File.ReadAllBytes(merged));
        Assert.Contains("the command reads this file, so it cannot write it", over.Errors, StringComparison.Ordinal);
        Assert.Equal(2, foreign.ExitCode);
        Assert.True(run.ExitCode == 0, run.Errors);
    }

    private string Train(params string[] settings)
    {
        using var process = DpoProcess.Run(_training.Arguments("out", [.. settings.SelectMany(setting => new[] { "--set", setting })]));
        Assert.True(process.ExitCode == 0, process.Errors);
        return Path.Combine(_training.PathOf("out"), "adapter.gguf");
    }

    private static string Sample(params string[] options)
    {
        using var process = DpoProcess.Run(["generate", "What is 61 + 2?", "--threads", "1", "--max-tokens", "8", "--json", .. options]);
        Assert.True(process.ExitCode == 0, process.Errors);
        return process.Output;
    }
}
