namespace IterativeDpo.EndToEnd.Tests;

/// <summary>What a user can get wrong: exit code 2, a message that names the file, the key and the way out, and nothing harmed.</summary>
[Collection(nameof(PageTests))]
public sealed class BadInputTests
{
    [Fact]
    public void Run_withAnUnknownKey_namesTheNearestOne() =>
        AssertRefused(new TinyCampaign(extra: "training.loss.betta = 0.2"), "betta", "beta");

    [Fact]
    public void Run_withAValueOutOfRange_namesKeyAndRange() =>
        AssertRefused(new TinyCampaign(extra: "training.loss.label-smoothing = 0.7"), "label-smoothing", "below 0.5");

    [Fact]
    public void Run_withALoraTargetThatTheModelLacks_namesItBeforeAnythingIsSampled() =>
        AssertRefused(new TinyCampaign(extra: "training.lora.targets = [\"blk.99.attn_*\"]"), "blk.99.attn_*", "matches no map");

    [Fact]
    public void Run_withALoraRankOverTheMatrices_namesTheSmallestSide() =>
        AssertRefused(new TinyCampaign(extra: "training.lora.rank = 4096"), "LoRA rank 4096", "smallest side");

    [Fact]
    public void Submit_withAPromptThatCannotBeAsked_isRefusedAsByARun()
    {
        using var campaign = new TinyCampaign(extra: "generation { context-tokens = 26, max-tokens = 8 }, training.max-length = 26");
        using var submit = DpoProcess.Run("submit", campaign.ConfPath, "--join", "127.0.0.1:9");

        Assert.Equal(2, submit.ExitCode);
        Assert.Contains("leaves no room for a completion in the context of", submit.Errors);
    }

    [Theory]
    [InlineData("--temperature", "0,7", "--temperature takes a number from 0 to 100; '0,7' is not one")]
    [InlineData("--min-p", "NaN", "--min-p takes a number from 0 to 1; 'NaN' is not one")]
    [InlineData("--max-tokens", "1,000", "--max-tokens takes a number from 1 to")]
    [InlineData("--stop", "", "--stop '': it is empty")]
    [InlineData("--stop", @"\q", @"--stop '\q': it has a backslash that begins no escape")]
    public void Generate_withAnOptionThatIsNone_namesIt(string option, string value, string problem)
    {
        var run = DpoProcess.Run("generate", "What is 61 + 2?", "--threads", "1", option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Errors);
    }

    [Fact]
    public void Seed_withAnOutputThatCannotBe_isRefusedBeforeItTrains()
    {
        using var run = DpoProcess.Run("seed", "--threads", "1", "--output", "/proc/seed.gguf");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("dpo: /proc/seed.gguf: cannot be written in /proc", run.Errors);
    }

    [Fact]
    public void Generate_withWordsForPrompts_saysThatEachIsOne()
    {
        using var run = DpoProcess.Run("generate", "What", "is", "61", "--threads", "1", "--max-tokens", "1");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("3 prompts, each by itself: \"What\", \"is\", \"61\". A prompt of several words goes in quotes.", run.Errors);
    }

    [Fact]
    public void Run_withOtherSettingsThanBefore_namesThemAndTheWayOn()
    {
        using var campaign = new TinyCampaign();
        using var first = campaign.Run("--rounds", "1");
        Assert.True(first.ExitCode == 0, first.Errors);

        using var second = campaign.Run("--rounds", "1", "--seed", "77");

        Assert.Equal(2, second.ExitCode);
        Assert.Matches(
            "than now: seed: [0-9]+, now 77. Put this back to go on with it .*, or choose another directory with --state",
            second.Errors);
    }

    [Fact]
    public void Run_withAMissingModel_namesIt() =>
        AssertRefused(new TinyCampaign(extra: "model = nowhere.gguf"), "nowhere.gguf", "no such file");

    [Fact]
    public void Run_withATruncatedModel_namesIt()
    {
        var campaign = new TinyCampaign(extra: "model = cut.gguf");
        var whole = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf"));
        File.WriteAllBytes(Path.Combine(campaign.Root, "cut.gguf"), whole[..(whole.Length / 2)]);
        AssertRefused(campaign, "cut.gguf");
    }

    [Fact]
    public void Run_withAFileThatIsNoGguf_namesIt()
    {
        var campaign = new TinyCampaign(extra: "model = text.gguf");
        File.WriteAllText(Path.Combine(campaign.Root, "text.gguf"), "this is not a model");
        AssertRefused(campaign, "text.gguf", "GGUF");
    }

    [Fact]
    public void Run_withAMalformedPromptFile_namesTheLine()
    {
        var campaign = new TinyCampaign(extra: "prompts.file = prompts.jsonl");
        File.WriteAllText(Path.Combine(campaign.Root, "prompts.jsonl"), "{\"prompt\": \"Say yes.\"}\n{\"prompt\": \n");
        AssertRefused(campaign, "prompts.jsonl", "2");
    }

    [Fact]
    public void Run_withAnEmptyPromptFile_saysSo()
    {
        var campaign = new TinyCampaign(extra: "prompts.file = prompts.jsonl");
        File.WriteAllText(Path.Combine(campaign.Root, "prompts.jsonl"), "");
        AssertRefused(campaign, "prompts.jsonl", "no prompts");
    }

    [Fact]
    public void Run_withACheckThatCannotBeRun_namesTheLineAndTheCheck()
    {
        var campaign = new TinyCampaign(extra: "prompts { file = prompts.jsonl, per-round = 8 }");
        File.WriteAllLines(
            Path.Combine(campaign.Root, "prompts.jsonl"),
            Enumerable
                .Range(0, 40)
                .Select(i => $$"""{"prompt": "Say {{i}}", "checks": [{"kind": "regex", "value": "{{(i < 20 ? "" : "(")}}{{i}}"}]}"""));
        AssertRefused(campaign, "prompts.jsonl, line ", "check {\"kind\": \"regex\"", "not a .NET regular expression");
    }

    [Fact]
    public void Run_withAPromptLongerThanTheContext_namesItBeforeAnythingIsSampled()
    {
        var campaign = new TinyCampaign(extra: "prompts { file = prompts.jsonl, per-round = 8 }");
        File.WriteAllLines(
            Path.Combine(campaign.Root, "prompts.jsonl"),
            Enumerable
                .Range(0, 40)
                .Select(i => $$"""{"id": "p{{i}}", "prompt": "Say {{i}}{{new string('x', i == 7 ? 500 : 0)}}", "task": "say"}"""));
        AssertRefused(campaign, "'p7'", "context-tokens");
    }

    [Fact]
    public void Run_inTheStateOfAnotherCampaign_isRefusedAndHarmsNothing()
    {
        using var campaign = new TinyCampaign();
        using var first = campaign.Run("--rounds", "1");
        Assert.True(first.ExitCode == 0, first.Errors);
        var stored = campaign.Artifacts();
        using var other = new TinyCampaign("other");

        using var second = DpoProcess.Run("run", other.ConfPath, "--state", campaign.StatePath);

        Assert.Equal(2, second.ExitCode);
        Assert.Contains("tiny", second.Errors, StringComparison.Ordinal);
        Assert.Equal(stored, campaign.Artifacts());
    }

    [Fact]
    public void Generate_withAPromptLongerThanTheContext_saysSo()
    {
        using var process = DpoProcess.Run("generate", new string('a', 100_000));

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("context", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_ofAFileThatIsNoAdapter_saysSo()
    {
        using var process = DpoProcess.Run(
            "export",
            Path.Combine(AppContext.BaseDirectory, "dpo.dll"),
            "--to",
            "peft",
            "--out",
            "nowhere",
            "--json");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("not a GGUF file", process.Errors, StringComparison.Ordinal);
        Assert.Empty(process.Output);
    }

    [Fact]
    public void Help_withoutTheRequiredArguments_isShown()
    {
        using var process = DpoProcess.Run("export", "--help");

        Assert.Equal(0, process.ExitCode);
        Assert.Contains("Examples:", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Dpo_withAnUnknownOption_exits2()
    {
        using var process = DpoProcess.Run("run", "a.conf", "--rouns", "3");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("--rouns", process.Errors, StringComparison.Ordinal);
    }

    private static void AssertRefused(TinyCampaign campaign, params string[] said)
    {
        using (campaign)
        {
            using var process = campaign.Run();
            Assert.Equal(2, process.ExitCode);
            Assert.All(said, text => Assert.Contains(text, process.Errors, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", process.Errors, StringComparison.Ordinal);
            Assert.Empty(campaign.Artifacts());
        }
    }
}
