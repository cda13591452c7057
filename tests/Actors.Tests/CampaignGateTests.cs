using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignGateTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public async Task RunAsync_gateAndSets_areMeasuredBesideTheHeldOutPrompts()
    {
        _campaign.Configuration = _campaign.Configure(
            """
            campaign {
              gate { test = eprocess, prompts-per-task = 4, minimum-prompts = 8 }
              evaluation.sets { often { tasks = [reverse], prompts-per-task = 2, samples = 3, temperature = 1, every = 0 } }
            }
            """);

        var state = (await _campaign.RunAsync()).State;

        Assert.Equal(CampaignStatus.Completed, state.Status);
        Assert.Equal([true, false, true], state.Rounds.Select(round => round.Sets.ContainsKey("often")));
        Assert.All(state.Rounds, round =>
        {
            Assert.Equal(6, round.HeldOut.Total);
            Assert.Equal((8, 8), (round.Sets[GateOptions.OwnSet].Right.Total, round.Sets[GateOptions.OwnSet].Prompts));
        });
        Assert.Equal((6, 2), (state.Rounds[2].Sets["often"].Right.Total, state.Rounds[2].Sets["often"].Prompts));
        Assert.All(
            state.Rounds.Skip(1),
            round => Assert.Equal((GateTest.EProcess, GateOptions.OwnSet, 8), (round.Gate!.Test, round.Gate.Set, round.Gate.Prompts)));
    }

    [Fact]
    public async Task RunAsync_heldOutPromptsComparedByPrompt_countOnceAsHeldOut()
    {
        _campaign.Configuration = _campaign.Configure("campaign.gate { test = mcnemar, metric = held-out, minimum-prompts = 6 }");

        var state = (await _campaign.RunAsync()).State;

        Assert.All(state.Rounds, round => Assert.Equal((6, 6), (round.HeldOut.Total, round.Sets[EvaluationOptions.HeldOut].Right.Total)));
        Assert.Equal(6, state.Rounds[1].Gate!.Prompts);
    }

    [Theory]
    [InlineData("campaign.gate.test = eprocess", "campaign.gate.minimum-prompts is 50, and the set 'gate'")]
    [InlineData(
        "campaign { gate { test = eprocess }, prompts.tasks = [sort-letters], gate.prompts-per-task = 10001, evaluation.prompts-per-task = 1 }",
        "at most 10000 can be")]
    public async Task RunAsync_setThatDoesNotFitTheTest_isRefusedBeforeAnythingBegins(string settings, string problem)
    {
        _campaign.Configuration = _campaign.Configure(
            settings + (settings.Contains("10001", StringComparison.Ordinal) ? "" : "\ncampaign.gate.prompts-per-task = 10"));

        var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}
