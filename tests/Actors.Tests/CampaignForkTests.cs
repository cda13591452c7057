using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignForkTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly string _parentPath;

    public CampaignForkTests() => _parentPath = _campaign.StatePath;

    private string ForkPath => _parentPath + "-fork";

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public async Task Make_sharesTheRoundsAndGoesOnWithItsOwnSettings()
    {
        var parent = (await _campaign.RunAsync()).State;
        var work = _campaign.Log.Entries.Count;

        Fork(1, "campaign.training.loss.beta = 0.3");
        var fork = (await RunForkAsync()).State;

        Assert.Equal(parent.Rounds[1].Training!.Adapter, fork.Rounds[1].Training!.Adapter);
        Assert.Equal(new CampaignOrigin("test", _parentPath, parent.Plan!.SettingsDigest, 1), fork.Origin);
        Assert.NotEqual(parent.Plan!.SettingsDigest, fork.Plan!.SettingsDigest);
        Assert.Equal([0, 1, 2], fork.Rounds.Select(round => round.Number));
        Assert.Equal(RoundOutcome.Kept, fork.Rounds[2].Outcome);
        // Only the second round was made: 6 prompts sampled, and the held-out ones answered once.
        Assert.Equal(6, _campaign.Log.Entries.Skip(work).Count(entry => entry.StartsWith("sampled", StringComparison.Ordinal)));
        Assert.Equal(6, _campaign.Log.Entries.Skip(work).Count(entry => entry.StartsWith("greedy", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Make_onOneVolume_hasTheBytesOnce_andLivesOnWithoutItsParent()
    {
        var parent = (await _campaign.RunAsync()).State;
        Fork(1, "");
        var adapter = StateDirectory.ArtifactsOf(ForkPath).PathOf(parent.Rounds[1].Training!.Adapter);
        File.WriteAllText(StateDirectory.ArtifactsOf(_parentPath).PathOf(parent.Rounds[1].Training!.Adapter), "seen in both");
        Assert.Equal("seen in both", File.ReadAllText(adapter));
        File.WriteAllText(adapter, "adapter of round 1");
        Directory.Delete(_parentPath, recursive: true);

        var fork = (await RunForkAsync()).State;

        Assert.Equal(CampaignStatus.Completed, fork.Status);
    }

    [Fact]
    public async Task Make_ofAFork_keepsWhereItAllComesFrom()
    {
        await _campaign.RunAsync();
        Fork(0, "campaign.training.loss.beta = 0.3");
        await RunForkAsync();
        var second = ForkPath + "-2";

        CampaignFork.Make(ForkPath, 1, _campaign.Configure("campaign.training.loss.beta = 0.4"), second, TimeProvider.System);

        var origin = CampaignReader.Read(second)!.Origin!;
        Assert.Equal((ForkPath, 1, _parentPath, 0), (origin.StatePath, origin.Round, origin.Before!.StatePath, origin.Before.Round));
    }

    [Theory]
    [InlineData(
        1,
        "campaign.prompts.per-round = 4",
        "campaign.prompts.per-round: 6, now 4: a fork cannot change this, as the prompts already used")]
    [InlineData(1, "campaign.evaluation.prompts-per-task = 2", "rounds before and after it could not be compared")]
    [InlineData(1, "campaign.training.lora.rank = 4", "set policy.initialisation = base to begin a fresh one")]
    [InlineData(1, "campaign.evaluation.sets { more { tasks = [reverse] } }", "campaign.evaluation.sets")]
    [InlineData(1, "campaign.gate { test = eprocess, minimum-prompts = 1 }", "the rounds it shares were not measured so")]
    [InlineData(3, "", "round 3 has not ended; fork at one that has, 0 to 2")]
    public async Task Make_thatWouldMakeThePastUntrue_isRefusedAndLeavesNothing(int round, string settings, string problem)
    {
        await _campaign.RunAsync();

        var error = Assert.Throws<UserInputException>(() => Fork(round, settings));

        Assert.Contains(problem, error.Message);
        Assert.False(Directory.Exists(ForkPath));
    }

    /// <summary>Without evaluation.judge the judge of the samples grades, too.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("campaign.evaluation.judge = other")]
    public async Task Make_withAnotherGrader_isRefused(string evaluation)
    {
        await _campaign.RunAsync();

        var error = Assert.Throws<UserInputException>(() => Fork(1, $$"""
            campaign.judging.judges.other { type = verifier, checks = [ended] }
            {{(evaluation.Length > 0 ? evaluation : "campaign.judging.judge = other")}}
            """));

        Assert.Contains("a fork cannot change who grades the evaluation, verifier (verifier,", error.Message);
        Assert.False(Directory.Exists(ForkPath));
    }

    [Fact]
    public async Task Make_withAnotherJudgeOfSamplesAlone_isMade()
    {
        await _campaign.RunAsync();

        Fork(1, "campaign { judging { judge = other, judges.other { type = verifier, checks = [ended] } }, evaluation.judge = verifier }");

        Assert.NotNull(CampaignReader.Read(ForkPath)!.Origin);
    }

    [Fact]
    public async Task Make_withOtherPromptsInTheFile_isRefused()
    {
        string Prompts(string name, string question)
        {
            var path = Path.Combine(Path.GetDirectoryName(_parentPath)!, name);
            File.WriteAllLines(
                path,
                Enumerable
                    .Range(0, 200)
                    .Select(i =>
                        $$"""{"prompt": [{"role": "user", "content": "{{question}} {{i}}?"}], "checks": [{"kind": "exact", "value": "{{i}}"}]}"""));
            return $"campaign.prompts.file = \"{path}\"";
        }
        _campaign.Configuration = _campaign.Configure(Prompts("a.jsonl", "What is"));
        var state = (await _campaign.RunAsync()).State;
        Assert.Null(state.PauseReason);

        var error = Assert.Throws<UserInputException>(() => Fork(1, Prompts("b.jsonl", "Say")));

        Assert.Contains("b.jsonl has other prompts than", error.Message);
    }

    [Fact]
    public async Task Make_withALostArtifact_namesItAndLeavesNothing()
    {
        var parent = (await _campaign.RunAsync()).State;
        var lost = StateDirectory.ArtifactsOf(_parentPath).PathOf(parent.Rounds[1].Pairs!.Pairs);
        File.Delete(lost);

        var error = Assert.Throws<UserInputException>(() => Fork(1, ""));

        Assert.Contains(lost, error.Message);
        Assert.False(Directory.Exists(ForkPath));
    }

    [Fact]
    public async Task Make_whereThereIsSomething_isRefused()
    {
        await _campaign.RunAsync();
        Directory.CreateDirectory(ForkPath);
        File.WriteAllText(Path.Combine(ForkPath, "mine"), "kept");

        var error = Assert.Throws<UserInputException>(() => Fork(1, ""));

        Assert.Contains("there is something already", error.Message);
        Assert.Equal("kept", File.ReadAllText(Path.Combine(ForkPath, "mine")));
    }

    private void Fork(int round, string settings) =>
        CampaignFork.Make(_parentPath, round, _campaign.Configuration = _campaign.Configure(settings), ForkPath, TimeProvider.System);

    private Task<CampaignOutcome> RunForkAsync()
    {
        _campaign.StatePath = ForkPath;
        return _campaign.RunAsync();
    }
}
