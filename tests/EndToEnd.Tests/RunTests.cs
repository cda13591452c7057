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
        AssertNames(round.GetProperty("eval"), "heldout_accuracy by_task mean_tokens");
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
        using var fork = DpoProcess.Run("fork", "--state", campaign.StatePath, "--round", "0", "--to", forked, "--set", "training.loss.type=[sft]", "--json");
        Assert.True(fork.ExitCode == 0, fork.Errors);
        using var branch = DpoProcess.Run("run", fork.Json.GetProperty("config").GetString()!, "--state", forked, "--json");
        Assert.True(branch.ExitCode == 0, branch.Errors);
        Assert.Equal(first.Json.GetProperty("baseline").ToString(), branch.Json.GetProperty("baseline").ToString());
        Assert.NotEqual(first.Json.GetProperty("rounds").ToString(), branch.Json.GetProperty("rounds").ToString());
        using var compared = DpoProcess.Run("compare", campaign.StatePath, forked, "--json");
        Assert.True(compared.ExitCode == 0, compared.Errors);
        Assert.Equal(2, compared.Json.GetProperty("arms").GetArrayLength());
        Assert.Equal(24, Assert.Single(compared.Json.GetProperty("differences").EnumerateArray()).GetProperty("prompts").GetInt32());
        using var past = DpoProcess.Run("replay", "--state", forked, "--round", "0");
        Assert.Equal(2, past.ExitCode);
        Assert.Contains($"replay them there, with --state {campaign.StatePath}", past.Errors);
        Assert.Equal(stored, campaign.Artifacts());
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
