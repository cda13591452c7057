using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignBundlingTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public async Task CheckAsync_ofAJudgeThatDoesNotAnswerHere_warnsThatNodesMustBeAbleTo()
    {
        await CheckAsync(new FakeJudge(_campaign.Log) { Trouble = "no key in OPENAI_API_KEY" });

        Assert.Equal(["the judge 'verifier' cannot be asked from this machine; the nodes that judge must be able to: no key in OPENAI_API_KEY"], _warnings);
    }

    [Fact]
    public async Task CheckAsync_ofAJudgeThatCannotGrade_isRefusedAsByARun()
    {
        var judge = new FakeJudge(_campaign.Log) { ScoresSingleSamples = false };

        var error = await Assert.ThrowsAsync<UserInputException>(() => CheckAsync(judge));

        Assert.Contains("cannot grade the single answers of the evaluation", error.Message);
        Assert.Empty(_warnings);
    }

    private Task CheckAsync(FakeJudge judge) =>
        CampaignBundling.CheckAsync(_campaign.Configuration, _campaign.Engines with { Judge = _ => judge }, _warnings.Add, default);
}
