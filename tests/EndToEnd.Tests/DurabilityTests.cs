using System.Diagnostics;
using IterativeDpo.Actors;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>The real process, killed for real.</summary>
public sealed class DurabilityTests
{
    [Theory]
    [InlineData("baseline: evaluating")]
    [InlineData("round 1/2: sampling and judging")]
    [InlineData("round 1/2: training")]
    [InlineData("round 1/2: evaluating")]
    [InlineData("round 2/2: sampling and judging")]
    [InlineData("round 2/2: training")]
    public void Run_killedInAPhase_goesOnWithoutRedoingWhatCounted(string phase)
    {
        using var campaign = new TinyCampaign();
        using (var first = campaign.Start())
        {
            Assert.True(first.WaitForLine(line => line.StartsWith(phase, StringComparison.Ordinal)), first.Errors);
            first.Kill9();
        }
        AssertGoesOn(campaign);
    }

    [Fact]
    public void Run_killedAgainAndAgainAtRandomPoints_endsWithAllRounds()
    {
        using var campaign = new TinyCampaign();
        var random = new SplitMix64(7);
        for (var kill = 0; kill < 5; kill++)
        {
            using var process = campaign.Start();
            // Measured from the first sign of life, so that a slow start does not decide where the kill falls.
            process.WaitForLine(_ => true);
            Thread.Sleep((int)(random.Next() % 1200));
            process.Kill9();
        }
        AssertGoesOn(campaign);
    }

    [Fact]
    public void Run_killedInTraining_withAveragesReplayAndValidation_goesOn()
    {
        using var campaign = new TinyCampaign(extra: """
            policy { reference = ema, reference-ema-decay = 0.5, data = replay, replay-share = 0.3 }
            training { optimizer = lion, lion-beta2 = 0.98, validation-share = 0.2, evaluation-steps = 2, early-stopping-patience = 5 }
            """);
        using (var first = campaign.Start())
        {
            Assert.True(first.WaitForLine(line => line.StartsWith("round 2/2: training", StringComparison.Ordinal)), first.Errors);
            first.Kill9();
        }
        AssertGoesOn(campaign);

        var rounds = campaign.ReadState().Rounds;
        Assert.All(rounds.Skip(1), round => Assert.True(round.Training!.Metrics.ContainsKey("eval_loss")));
        Assert.Equal(2, rounds.Skip(1).Select(round => round.Publication!.Average!.Value).Distinct().Count());
    }

    [Fact]
    public void Run_interrupted_savesAndExits130Within5Seconds()
    {
        using var campaign = new TinyCampaign();
        using (var process = campaign.Start())
        {
            Assert.True(process.WaitForLine(line => line.Contains("training", StringComparison.Ordinal)), process.Errors);
            var clock = Stopwatch.StartNew();
            process.Interrupt();
            Assert.Equal(130, process.WaitForExit());
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
        AssertGoesOn(campaign);
    }

    /// <summary>
    /// Runs to the end: all rounds there, what was journalled as it was, and nothing new that the journal does not count.
    /// </summary>
    private static void AssertGoesOn(TinyCampaign campaign)
    {
        var before = CampaignReader.ReadWhole(campaign.StatePath) ?? CampaignState.Empty;
        var storedBefore = campaign.Artifacts();

        using var second = campaign.Run("--json");

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(2, second.Json.GetProperty("rounds").GetArrayLength());
        var counted = Recorded.All(campaign.ReadState());
        var stored = campaign.Artifacts();
        Assert.Subset(counted.ToHashSet(), Recorded.All(before).ToHashSet());
        Assert.All(Recorded.Costly(before), artifact => Assert.Equal(storedBefore[artifact], stored[artifact]));
        Assert.Empty(stored.Keys.Except(storedBefore.Keys).Except(counted));
    }
}
