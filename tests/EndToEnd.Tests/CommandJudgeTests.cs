namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A campaign whose judge is a program of the user's.</summary>
[Collection(nameof(PageTests))]
public sealed class CommandJudgeTests
{
    [Fact]
    public void Run_withAProgram_trainsOnWhatItPrefers()
    {
        using var campaign = Campaign("""
            while read -r line; do
              [[ $line =~ \"id\":\"([^\"]*)\" ]]
              printf '{"id":"%s","scores":[{"index":0,"score":1},{"index":1,"score":0.5},{"index":2,"score":0},{"index":3,"score":null}]}\n' "${BASH_REMATCH[1]}"
            done
            """);

        using var process = campaign.Run("--json");

        Assert.True(process.ExitCode == 0, process.Errors);
        // The script abstains on one of the four samples of every prompt.
        var judged = campaign.ReadState().Rounds[1].Judgements.Values;
        Assert.Equal((48, 0), (judged.Sum(unit => unit.Abstained), judged.Sum(unit => unit.Dropped)));
        Assert.True(process.Json.GetProperty("rounds")[0].GetProperty("pairs").GetInt32() > 0);
    }

    [Fact]
    public void Run_withAProgramThatDoesNotStayUp_isRefusedBeforeAnythingIsSampled()
    {
        using var campaign = Campaign("echo 'no such model: reward.pt' >&2; exit 1");

        using var process = campaign.Run();

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("campaign.judging.judges.mine.command", process.Errors, StringComparison.Ordinal);
        Assert.Contains("no such model: reward.pt", process.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(campaign.StatePath));
    }

    private static TinyCampaign Campaign(string script)
    {
        var campaign = new TinyCampaign(extra: """
            rounds = 1
            judging { judge = mine, concurrency = 4, judges.mine { type = command, command = [bash, judge.sh] } }
            evaluation.judge = verifier
            """);
        File.WriteAllText(Path.Combine(campaign.Root, "judge.sh"), script);
        return campaign;
    }
}
