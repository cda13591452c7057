namespace IterativeDpo.EndToEnd.Tests;

/// <summary>Pairs and judges of a finished campaign from the command line.</summary>
[Collection(nameof(PageTests))]
public sealed class PairsTests
{
    [Fact]
    public void Pairs_ofACampaign_areListedShownAndExported()
    {
        using var campaign = new TinyCampaign();
        using var run = campaign.Run("--rounds", "1");
        Assert.True(run.ExitCode == 0, run.Errors);

        using var list = DpoProcess.Run("pairs", "--state", campaign.StatePath, "--json", "--limit", "0");
        Assert.True(list.ExitCode == 0, list.Errors);
        var pairs = list.Json.GetProperty("pairs");
        var id = pairs[0].GetProperty("id").GetString()!;

        using var show = DpoProcess.Run("pairs", "show", id, "--state", campaign.StatePath);
        Assert.True(show.ExitCode == 0, show.Errors);
        Assert.Contains(pairs[0].GetProperty("provenance").GetProperty("chosen_text").GetString()!, show.Output, StringComparison.Ordinal);

        var output = Path.Combine(campaign.Root, "trl.jsonl");
        File.WriteAllText($"{output}.pairs", "the user's own");
        using var export = DpoProcess.Run(
            "pairs",
            "export",
            "--state",
            campaign.StatePath,
            "--format",
            "trl-conversational",
            "--out",
            output);
        Assert.True(export.ExitCode == 0, export.Errors);
        Assert.Equal(pairs.GetArrayLength(), File.ReadLines(output).Count());
        Assert.Equal(["trl.jsonl", "trl.jsonl.pairs"], Directory.GetFiles(campaign.Root, "trl*").Select(Path.GetFileName).Order());
        Assert.Equal("the user's own", File.ReadAllText($"{output}.pairs"));

        using var dropped = DpoProcess.Run("pairs", "--dropped", "--state", campaign.StatePath, "--json", "--limit", "0");
        Assert.Equal(
            48 - pairs.EnumerateArray().DistinctBy(pair => pair.GetProperty("pair").GetProperty("prompt_id").GetString()).Count(),
            dropped.Json.GetProperty("dropped").GetArrayLength());

        using var judges = DpoProcess.Run("judges", "--state", campaign.StatePath, "--json");
        Assert.Equal(48, judges.Json.GetProperty("rounds")[0].GetProperty("quality").GetProperty("prompts").GetInt32());
    }

    [Fact]
    public void Pairs_whereNoCampaignIs_saysSo()
    {
        using var process = DpoProcess.Run("pairs", "--state", "nowhere");

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("no campaign has begun", process.Errors, StringComparison.Ordinal);
    }
}
