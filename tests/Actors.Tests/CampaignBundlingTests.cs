using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Tests.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Tests;
using IterativeDpo.Generation;

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

        Assert.Equal(
            ["the judge 'verifier' cannot be asked from this machine; the nodes that judge must be able to: no key in OPENAI_API_KEY"],
            _warnings);
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

    [Fact]
    public void Bundle_of_a_round_in_too_many_units_says_how_large_they_have_to_be()
    {
        var plan = CampaignSimulator.Plan with { Prompts = 100_000, UnitPrompts = 128 };

        var error = Assert.Throws<UserInputException>(() => CampaignBundling.RefuseTooManyUnits(plan));
        CampaignBundling.RefuseTooManyUnits(plan with { UnitPrompts = 261 });

        Assert.Contains("782 units of work", error.Message, StringComparison.Ordinal);
        Assert.Contains("set prompts-per-unit to 261 or more", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bundle_of_prompts_that_name_too_many_tasks_is_refused()
    {
        CampaignBundling.RefuseTooManyTasks("prompts.jsonl", Prompts(800));

        var error = Assert.Throws<UserInputException>(() => CampaignBundling.RefuseTooManyTasks("prompts.jsonl", Prompts(1000)));

        Assert.StartsWith("prompts.jsonl: its prompts name 1000 tasks", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<Prompt> Prompts(int count) =>
        MessageSizeTests.Tasks(count).Select(task => new Prompt(task, null, "What?", task, []));
}
