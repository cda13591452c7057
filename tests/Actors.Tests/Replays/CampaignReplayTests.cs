using IterativeDpo.Actors.Replays;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Replays;

public sealed class CampaignReplayTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("replay");

    public CampaignReplayTests() => _campaign.Engines = _campaign.Engines with { Machine = "here" };

    public void Dispose()
    {
        _campaign.Dispose();
        _scratch.Delete(recursive: true);
    }

    [Fact]
    public async Task ReplayAsync_ofWhatWasRecorded_isTheSameUnitByUnit_andChangesNothing()
    {
        await _campaign.RunAsync();
        var before = Files();

        var done = await ReplayAsync(0, 2);

        Assert.All(done, unit => Assert.Equal((ReplayOutcome.Same, null), (unit.Outcome, unit.Words)));
        Assert.Equal(before, Files());
        // Nor does what is compared take room until the end.
        Assert.All(
            _scratch.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name.Length == 64),
            file => Assert.NotNull(file.LinkTarget));
        // 6 prompts in units of 4, and held-out ones in one unit.
        Assert.Equal(
            [
                "0/Evaluate/0",
                "0/Grade/0",
                "1/Sample/0",
                "1/Sample/1",
                "1/Judge/0",
                "1/Judge/1",
                "1/Pair/0",
                "1/Train/0",
                "1/Publish/0",
                "1/Evaluate/0",
                "1/Grade/0",
            ],
            done.Take(11).Select(unit => unit.Recorded.Id.ToString()));
    }

    [Fact]
    public async Task ReplayAsync_ofAnEngineThatDoesOtherwise_namesWhereItArises()
    {
        await _campaign.RunAsync();
        _campaign.Engines = _campaign.Engines with { Generator = () => new FakeGenerator(_campaign.Log) { Quality = _ => 100 } };

        var done = await ReplayAsync(1, 1);

        var sampled = done.Where(unit => unit.Recorded.Id.Stage == Stage.Sample);
        Assert.All(sampled, unit => Assert.Equal(ReplayOutcome.Differs, unit.Outcome));
        Assert.Contains(sampled, unit => unit.Words!.StartsWith("row 1: samples[0].", StringComparison.Ordinal));
        // What comes after it goes by what was recorded.
        Assert.All(
            done.Where(unit => unit.Recorded.Id.Stage is Stage.Judge or Stage.Pair or Stage.Train),
            unit => Assert.Equal(ReplayOutcome.Same, unit.Outcome));
    }

    [Theory]
    [InlineData("here", ReplayOutcome.Differs)]
    [InlineData("elsewhere", ReplayOutcome.Close)]
    public async Task ReplayAsync_withSmallDifferences_isCloseOnlyWhereItWasRecordedElsewhere(string machine, ReplayOutcome outcome)
    {
        await _campaign.RunAsync();
        _campaign.Engines = _campaign.Engines with
        {
            Machine = machine,
            Trainer = () => new FakeTrainer(_campaign.Log) { Loss = step => 1.0001 / step },
        };

        var trained = Assert.Single(await ReplayAsync(1, 1), unit => unit.Recorded.Id.Stage == Stage.Train);

        Assert.Equal(outcome, trained.Outcome);
        Assert.Equal("row 1: loss is 1.0001, and was 1", trained.Words);
    }

    /// <summary>What the journal says decides whether a round is kept.</summary>
    [Fact]
    public async Task ReplayAsync_ofAResultWhoseFiguresAreNotThoseOfItsArtifacts_saysWhichAndWhatTheyAre()
    {
        await _campaign.RunAsync();
        await using var replay = Open(CampaignReader.Read(_campaign.StatePath)!.Plan!, callsOthers: false);
        var graded = RecordedWork.Of(Events(), 1, 1).Single(work => work.Id.Stage == Stage.Grade);
        var result = (JudgeResult)graded.Result;
        var right = result.ByTask["add"].Right;

        var done = await replay.ReplayAsync(
            graded with
            {
                Result = result with { ByTask = result.ByTask.SetItem("add", new TaskScore(right + 1, 3)) },
            },
            _ => { },
            CancellationToken.None);

        Assert.Equal(ReplayOutcome.Differs, done.Outcome);
        Assert.Equal($"the artifacts are the same; in the journal byTask.add.right is {right}, and was {right + 1}", done.Words);
    }

    [Fact]
    public async Task ReplayAsync_ofALostArtifact_namesItAndWhetherItCanBeMadeAgain()
    {
        var state = (await _campaign.RunAsync()).State;
        var pairs = Store.PathOf(state.Rounds[1].Pairs!.Pairs);
        File.Delete(pairs);

        var done = await ReplayAsync(1, 1);

        var paired = done.Single(unit => unit.Recorded.Id.Stage == Stage.Pair);
        Assert.Equal(ReplayOutcome.Damaged, paired.Outcome);
        Assert.Contains(pairs, paired.Words);
        Assert.EndsWith("it comes to the bytes that were recorded.", paired.Words);
        var trained = done.Single(unit => unit.Recorded.Id.Stage == Stage.Train);
        Assert.Equal(ReplayOutcome.Damaged, trained.Outcome);
        Assert.Contains(pairs, trained.Words);
    }

    [Fact]
    public async Task ReplayAsync_ofATamperedArtifact_namesIt()
    {
        var state = (await _campaign.RunAsync()).State;
        var adapter = Store.PathOf(state.Rounds[2].Training!.Adapter);
        File.AppendAllText(adapter, "!");

        var trained = (await ReplayAsync(2, 2)).Single(unit => unit.Recorded.Id.Stage == Stage.Train);

        Assert.Equal(ReplayOutcome.Damaged, trained.Outcome);
        Assert.StartsWith($"{adapter}: this artifact is corrupt", trained.Words);
    }

    [Fact]
    public async Task ReplayAsync_ofAJudgeThatCallsOthers_isLeftOut()
    {
        await _campaign.RunAsync();

        var done = await ReplayAsync(1, 1, callsOthers: true);

        Assert.All(
            done.Where(unit => unit.Recorded.Id.Stage is Stage.Judge or Stage.Grade),
            unit => Assert.Equal(ReplayOutcome.NotReplayed, unit.Outcome));
        Assert.All(done.Where(unit => unit.Recorded.Id.Stage == Stage.Pair), unit => Assert.Equal(ReplayOutcome.Same, unit.Outcome));
    }

    [Fact]
    public async Task Open_withAnotherModel_isRefused()
    {
        var state = (await _campaign.RunAsync()).State;
        File.AppendAllText(_campaign.Configuration.Options.ModelPath, " ");

        var error = Assert.Throws<UserInputException>(() => Open(state.Plan!, callsOthers: false));

        Assert.Contains("the model, the prompt file, a judge's file or the arguments of a judge's command", error.Message);
    }

    /// <summary>
    /// They may be secrets: the state does not have them, and the campaign's identity and its pairs' provenance depend on them.
    /// </summary>
    [Fact]
    public async Task ReplayAsync_ofAJudgeWhoseArgumentsAreNotStored_takesThemFromTheCampaignsFile()
    {
        _campaign.Configuration = _campaign.Configure(
            "campaign.judging { judge = mine, judges.mine { type = command, command = [judge, secret] } }");
        await _campaign.RunAsync();
        Assert.DoesNotContain("secret", File.ReadAllText(Path.Combine(_campaign.StatePath, "campaign.json")));

        Assert.All(await ReplayAsync(1, 1), unit => Assert.Equal((ReplayOutcome.Same, null), (unit.Outcome, unit.Words)));

        _campaign.Configure("campaign.judging { judge = mine, judges.mine { type = command, command = [judge, another] } }");
        var error = await Assert.ThrowsAsync<UserInputException>(() => ReplayAsync(1, 1));
        Assert.Contains("the arguments of a judge's command, which are not stored", error.Message);
    }

    [Fact]
    public async Task Of_aRoundThatHasNotEnded_saysWhichHas()
    {
        await _campaign.RunAsync();

        var error = Assert.Throws<UserInputException>(() => RecordedWork.Of(Events(), 1, 3));

        Assert.StartsWith("round 3 has not ended; the last that has is round 2.", error.Message);
    }

    private ArtifactStore Store => StateDirectory.ArtifactsOf(_campaign.StatePath);

    private IReadOnlyList<CampaignEvent> Events() => CampaignReader.ReadEvents(CampaignReader.DatabasePath(_campaign.StatePath));

    private async Task<List<ReplayedWork>> ReplayAsync(int first, int last, bool callsOthers = false)
    {
        await using var replay = Open(CampaignReader.Read(_campaign.StatePath)!.Plan!, callsOthers);
        var done = new List<ReplayedWork>();
        foreach (var work in RecordedWork.Of(Events(), first, last))
        {
            done.Add(await replay.ReplayAsync(work, _ => { }, CancellationToken.None));
        }
        return done;
    }

    private CampaignReplay Open(CampaignPlan plan, bool callsOthers) => CampaignReplay.Open(
        _campaign.StatePath,
        plan,
        CampaignReader.ReadSettings(_campaign.StatePath),
        _campaign.Engines,
        _scratch.FullName,
        _ => callsOthers,
        TimeProvider.System);

    private string[] Files() =>
        [
            .. Directory
                .EnumerateFiles(_campaign.StatePath, "*", SearchOption.AllDirectories)
                .Where(file => !file.Contains("campaign.db-"))
                .Order()
                .Select(file => $"{file} {File.GetLastWriteTimeUtc(file):O}"),
        ];
}
