namespace IterativeDpo.EndToEnd.Tests;

/// <summary>Judging a file from the command line.</summary>
[Collection(nameof(PageTests))]
public sealed class JudgeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-e2e-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Judge_ofPromptsWithChecks_keepsTheVerdictsAndDoesThemOnce()
    {
        var file = Write("samples.jsonl", Enumerable.Range(0, 5).Select(i =>
                    $$"""{"id":"p{{i}}","prompt":"{{i}}+1?","completions":["{{i + 1}}","about {{i}}"],"checks":[{"kind":"exact","value":"{{i + 1}}"}]}""")
                .ToArray());
        var labels = Write("gold.jsonl", """{"id":"p0","scores":[0,1]}""", """{"id":"p1","scores":[1,0]}""");
        var output = Path.Combine(_directory.FullName, "verdicts.jsonl");

        using var first = DpoProcess.Run("judge", file, "--judge", "verifier", "--out", output, "--gold", labels, "--json");
        var written = File.ReadAllText(output);
        using var second = DpoProcess.Run("judge", file, "--judge", "verifier", "--out", output, "--gold", labels, "--json");

        Assert.True(first.ExitCode == 0, first.Errors);
        Assert.Equal(
            0.5,
            first.Json.GetProperty("quality").GetProperty("agreement").GetProperty("pairwise_accuracy").GetProperty("share").GetDouble());
        Assert.Contains("--judge-model", first.Json.GetProperty("self_preference_skipped").GetString(), StringComparison.Ordinal);
        Assert.Equal(5, written.Split('\n').Length - 1);
        Assert.Equal((0, 5, written), (second.ExitCode, second.Json.GetProperty("already_judged").GetInt32(), File.ReadAllText(output)));
    }

    [Fact]
    public void Judge_withOtherSettingsUnderTheSameName_isAnotherJudge()
    {
        var file = Write("samples.jsonl", """{"prompt":"Q","completions":["a","bb"]}""");
        var output = Path.Combine(_directory.FullName, "verdicts.jsonl");
        DpoProcess Judge(string check) => DpoProcess.Run(
            "judge",
            file,
            "--judge",
            "checks",
            "--out",
            output,
            "--config",
            Write("judges.conf", $"campaign.judging.judges {{ checks {{ type = verifier, checks = [\"{check}\"] }} }}"));

        using var first = Judge("length ..1 characters");
        using var second = Judge("length 2.. characters");

        Assert.True(first.ExitCode == 0, first.Errors);
        Assert.Equal(2, second.ExitCode);
        Assert.Contains("holds the verdicts of the judge", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_byAnUnknownName_namesTheNearest()
    {
        var file = Write("samples.jsonl", """{"prompt":"Q","completions":["a"]}""");

        using var process = DpoProcess.Run("judge", file, "--judge", "verifyer");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("did you mean verifier?", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_thatCannotJudge_saysWhyBeforeAnythingIsJudged()
    {
        var file = Write("samples.jsonl", """{"prompt":"Q","completions":["a"]}""");
        var config = Write("judges.conf", "campaign.judging.judges { own { type = implicit-reward, policy = nowhere.gguf } }");
        var output = Path.Combine(_directory.FullName, "verdicts.jsonl");

        using var process = DpoProcess.Run("judge", file, "--judge", "own", "--config", config, "--out", output);

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("nowhere.gguf", process.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void Judge_ofAFileOfTheWrongKind_saysWhatItTakes()
    {
        using var process = DpoProcess.Run("judge", Write("prompts.jsonl", """{"prompt":"Q"}"""), "--judge", "verifier");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("prompts.jsonl, line 1", process.Errors, StringComparison.Ordinal);
        Assert.Contains("./dpo generate", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_ofAMissingFile_namesIt()
    {
        using var process = DpoProcess.Run("judge", "nowhere.jsonl", "--judge", "verifier");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("nowhere.jsonl", process.Errors, StringComparison.Ordinal);
    }

    private string Write(string name, params string[] lines)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllLines(path, lines);
        return path;
    }
}
