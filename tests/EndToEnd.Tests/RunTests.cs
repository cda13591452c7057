using System.Text.Json;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A whole campaign through the command line.</summary>
public sealed class RunTests
{
    [Fact]
    public void Run_toTheEnd_printsTheSummaryAndWritesTheReport()
    {
        using var campaign = new TinyCampaign();

        using var process = campaign.Run("--json", "--rounds", "1");

        Assert.True(process.ExitCode == 0, process.Errors);
        var summary = process.Json;
        Assert.Equal("tiny", summary.GetProperty("campaign").GetString());
        Assert.Equal(24, summary.GetProperty("baseline").GetProperty("heldout_prompts").GetInt32());
        var round = Assert.Single(summary.GetProperty("rounds").EnumerateArray());
        AssertNames(round, "round prompts samples generated_tokens pairs ties dropped adapter_sha256 train eval seconds");
        AssertNames(round.GetProperty("train"), "steps loss rewards/margins rewards/accuracies rewards/chosen rewards/rejected");
        AssertNames(round.GetProperty("eval"), "heldout_accuracy by_task mean_tokens kl");
        AssertNames(round.GetProperty("seconds"), "generate judge train publish evaluate total");
        Assert.Equal(48 * 4, round.GetProperty("samples").GetInt32());
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(campaign.StatePath, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ofAFinishedCampaign_doesNothingAgain_andReplaysAndForks()
    {
        using var campaign = new TinyCampaign();
        using var first = campaign.Run("--json", "--rounds", "1");
        Assert.True(first.ExitCode == 0, first.Errors);
        var stored = campaign.Artifacts();

        using var second = campaign.Run("--json", "--rounds", "1");

        Assert.Equal(0, second.ExitCode);
        Assert.Equal(first.Output, second.Output);
        using var replay = DpoProcess.Run("replay", "--state", campaign.StatePath, "--round", "1", "--json");
        Assert.True(replay.ExitCode == 0, replay.Errors + replay.Output);
        Assert.True(replay.Json.GetProperty("same").GetBoolean());
        Assert.Equal(
            ["sample", "judge", "pair", "train", "publish", "evaluate", "grade"],
            replay.Json.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("stage").GetString()));

        var forked = Path.Combine(campaign.Root, "fork");
        using var fork = DpoProcess.Run(
            "fork",
            "--state",
            campaign.StatePath,
            "--round",
            "0",
            "--to",
            forked,
            "--set",
            "training.loss.type=[sft]",
            "--json");
        Assert.True(fork.ExitCode == 0, fork.Errors);
        using var branch = DpoProcess.Run("run", fork.Json.GetProperty("config").GetString()!, "--state", forked, "--json");
        Assert.True(branch.ExitCode == 0, branch.Errors);
        Assert.Equal(first.Json.GetProperty("baseline").ToString(), branch.Json.GetProperty("baseline").ToString());
        Assert.NotEqual(first.Json.GetProperty("rounds").ToString(), branch.Json.GetProperty("rounds").ToString());
        using var compared = DpoProcess.Run("compare", campaign.StatePath, forked, "--json");
        Assert.True(compared.ExitCode == 0, compared.Errors);
        Assert.Equal(2, compared.Json.GetProperty("arms").GetArrayLength());
        Assert.Equal(24, Assert.Single(compared.Json.GetProperty("differences").EnumerateArray()).GetProperty("prompts").GetInt32());
        Assert.False(compared.Json.TryGetProperty("judged", out _));
        var judge = Path.Combine(campaign.Root, "judge.conf");
        File.WriteAllText(judge, "campaign.judging { judge = checks, judges.checks.type = verifier }");
        string[] judging =
        [
            "compare",
            campaign.StatePath,
            forked,
            "--judge",
            judge,
            "--verdicts",
            Path.Combine(campaign.Root, "verdicts.jsonl"),
            "--out",
            Path.Combine(campaign.Root, "compared.html"),
            "--json",
        ];
        using var judged = DpoProcess.Run(judging);
        Assert.True(judged.ExitCode == 0, judged.Errors);
        Assert.Equal(
            [(ArmName(0), "base"), (ArmName(1), "base"), (ArmName(1), ArmName(0))],
            judged
                .Json.GetProperty("judged")
                .GetProperty("wins")
                .EnumerateArray()
                .Select(wins => (wins.GetProperty("arm").GetString(), wins.GetProperty("against").GetString())));
        // The checks prefer a right answer to a wrong one, so the win rate follows from the accuracies.
        Assert.Equal(
            0.5 + compared.Json.GetProperty("differences")[0].GetProperty("mean").GetDouble() / 2,
            judged.Json.GetProperty("judged").GetProperty("wins")[2].GetProperty("win_rate").GetProperty("value").GetDouble(),
            9);
        Assert.Contains("after round 0:", File.ReadAllText(Path.Combine(campaign.Root, "compared.html")), StringComparison.Ordinal);
        Assert.Contains("Length-controlled", File.ReadAllText(Path.Combine(campaign.Root, "compared.html")), StringComparison.Ordinal);
        using var judgedAgain = DpoProcess.Run(judging);
        Assert.Equal(judged.Output, judgedAgain.Output);
        var folder = Directory.CreateDirectory(Path.Combine(campaign.Root, "folder")).FullName;
        File.WriteAllText(judge, $"campaign.judging {{ judge = model, judges.model {{ type = llm, model = \"{folder}\" }} }}");
        using var ofFolder = DpoProcess.Run("compare", campaign.StatePath, forked, "--judge", judge);
        Assert.Equal(2, ofFolder.ExitCode);
        Assert.Contains("config.json", ofFolder.Errors);
        using var past = DpoProcess.Run("replay", "--state", forked, "--round", "0");
        Assert.Equal(2, past.ExitCode);
        Assert.Contains($"replay them there, with --state {campaign.StatePath}", past.Errors);
        Assert.Equal(stored, campaign.Artifacts());

        string? ArmName(int arm) => compared.Json.GetProperty("arms")[arm].GetProperty("name").GetString();
    }

    [Fact]
    public void Run_armsWithASeed_areCampaignsOfTheirOwn_andAreCompared()
    {
        using var campaign = new TinyCampaign(
            extra: "rounds = 1, arms { rft { training.loss.type = [sft] } dpo { gate { test = mcnemar, prompts-per-task = 4, minimum-prompts = 12 } } }");

        using var first = campaign.Run("--seeds", "3", "--json");

        Assert.True(first.ExitCode == 0, first.Errors);
        Assert.Equal(
            ["tiny-rft", "tiny-dpo"],
            first.Json.GetProperty("arms").EnumerateArray().Select(arm => arm.GetProperty("name").GetString()));
        Assert.All(
            first.Json.GetProperty("arms").EnumerateArray(),
            arm => Assert.Equal([3], arm.GetProperty("seeds").EnumerateArray().Select(seed => seed.GetInt32())));
        // The gate's own prompts are none of them.
        Assert.Equal(24, first.Json.GetProperty("differences")[0].GetProperty("prompts").GetInt32());
        var page = File.ReadAllText(Path.Combine(campaign.StatePath, "comparison.html"));
        Assert.Contains("<h1>tiny-rft, tiny-dpo</h1>", page, StringComparison.Ordinal);
        Assert.Contains("Held-out accuracy by round and arm", page, StringComparison.Ordinal);
        using var again = campaign.Run("--seeds", "3", "--json");
        Assert.Equal(first.Json.ToString(), again.Json.ToString());
        // An arm can be used by itself.
        using var forked = DpoProcess.Run(
            "fork",
            "--state",
            Path.Combine(campaign.StatePath, "dpo-3"),
            "--round",
            "0",
            "--to",
            Path.Combine(campaign.Root, "other"),
            "--set",
            "training.loss.beta=0.3");
        Assert.True(forked.ExitCode == 0, forked.Errors);
        using var submitted = DpoProcess.Run("submit", campaign.ConfPath, "--join", "127.0.0.1:1");
        Assert.Equal(2, submitted.ExitCode);
        Assert.Contains("campaign.arms has rft, dpo, which are campaigns of their own", submitted.Errors, StringComparison.Ordinal);
        using var wrong = campaign.Run("--seeds", "1,x");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("'x' is none", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_seedsOfAFileWithoutArms_isRefused()
    {
        using var campaign = new TinyCampaign();

        using var run = campaign.Run("--seeds", "1,2");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("it has no campaign.arms, which --seeds is for", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_ofARunningCampaign_readsItsJournal()
    {
        using var campaign = new TinyCampaign();
        using var running = campaign.Start();
        Assert.True(running.WaitForLine(line => line.StartsWith("round 1/2", StringComparison.Ordinal)), running.Errors);

        using var status = DpoProcess.Run("status", "--state", campaign.StatePath, "--json");

        Assert.True(status.ExitCode == 0, status.Errors);
        Assert.Equal("running", status.Json.GetProperty("status").GetString());
        Assert.Equal(2, status.Json.GetProperty("rounds").GetInt32());
    }

    [Fact]
    public void Run_inAStateInUse_isRefused()
    {
        using var campaign = new TinyCampaign();
        using var running = campaign.Start();
        Assert.True(running.WaitForLine(line => line.Contains("evaluating", StringComparison.Ordinal)), running.Errors);

        using var second = campaign.Run();

        Assert.Equal(2, second.ExitCode);
        Assert.Contains("in use", second.Errors, StringComparison.Ordinal);
    }

    private static void AssertNames(JsonElement element, string names) =>
        Assert.Equal(names.Split(' '), element.EnumerateObject().Select(property => property.Name));
}
