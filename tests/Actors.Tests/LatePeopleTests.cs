using IterativeDpo.Actors.Replays;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Judging.People;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests;

/// <summary>A campaign that does not wait for people, and takes in the next round what they have said by then.</summary>
public sealed class LatePeopleTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("replay");
    private readonly PeopleQueue _queue;

    public LatePeopleTests()
    {
        _campaign.Configuration = _campaign.Configure("""
            campaign.judging { judge = people, judges.people { type = human, judge = verifier, share = 0.5, second = 0, wait = next } }
            campaign.evaluation.judge = verifier
            """);
        _queue = new(CampaignReader.PeoplePath(_campaign.StatePath), TimeProvider.System);
        _campaign.Engines = Engines(_queue);
    }

    public void Dispose()
    {
        _campaign.Dispose();
        _scratch.Delete(recursive: true);
    }

    [Fact]
    public async Task Verdicts_countInTheNextRound_alsoAfterAStopBetween_andItReplays()
    {
        // It stops when the first round has ended; somebody judges while nothing runs.
        await StopAfterAsync(1);
        var asked = _queue.Tasks();
        Assert.NotEmpty(asked);
        Assert.All(asked, task => Assert.Equal(1, task.Task.Round));
        Assert.Equal(asked.Count, asked.Select(task => task.Task.PromptId).Distinct().Count());
        Judge(asked[0].Task, PeopleAnswer.A);

        var state = (await _campaign.RunAsync()).State;

        Assert.Equal(CampaignStatus.Completed, state.Status);
        var late = Assert.Single(Pairs(state, 2), pair => pair.Provenance!.Round == 1);
        var (task, record) = (asked[0].Task, late);
        Assert.Equal(
            (task.PromptId, task.First, task.Second),
            (record.Pair.PromptId, record.Provenance!.ChosenIndex, record.Provenance.RejectedIndex));
        Assert.NotNull(state.Rounds[2].Pairs!.Said);
        Assert.DoesNotContain(Pairs(state, 1), pair => asked.Any(one => one.Task.PromptId == pair.Pair.PromptId));

        // What is said later changes nothing that was recorded, and replays go by what was.
        foreach (var open in _queue.Tasks().Where(one => one.IsOpen))
        {
            Judge(open.Task, PeopleAnswer.B);
        }
        Assert.Equal(ReplayOutcome.Same, (await ReplayPairsAsync(2)).Outcome);
    }

    [Fact]
    public async Task Verdicts_thatNobodyGives_holdNothingUp_andReplayAsNone()
    {
        var state = (await _campaign.RunAsync()).State;

        Assert.Equal(CampaignStatus.Completed, state.Status);
        Assert.NotNull(state.Rounds[1].Pairs!.Awaiting);
        Assert.Null(state.Rounds[2].Pairs!.Said);
        Assert.All(Pairs(state, 2), pair => Assert.Equal(2, pair.Provenance!.Round));
        Judge(_queue.Tasks()[0].Task, PeopleAnswer.A);
        Assert.Equal(ReplayOutcome.Same, (await ReplayPairsAsync(2)).Outcome);
    }

    private CampaignEngines Engines(PeopleQueue? people) => _campaign.Engines with
    {
        Judge = name => name == "people"
            ? new HumanJudge(
                (HumanOptions)_campaign.Configuration.Options.Judging.Find(name),
                new FakeJudge(_campaign.Log),
                new(_queue, _campaign.Configuration.Options.Prompts.PerRound),
                1,
                TimeProvider.System)
            : new FakeJudge(_campaign.Log),
        People = people,
    };

    /// <summary>Whose next round samples nothing, so that it does not get to its pairs before the stop.</summary>
    private async Task StopAfterAsync(int round)
    {
        var next = new CampaignPrompts(_campaign.Configuration.Options).OfRound(round + 1).Select(prompt => prompt.Id).ToHashSet();
        var engines = _campaign.Engines;
        _campaign.Engines = engines with
        {
            Generator = () => new FakeGenerator(_campaign.Log)
            {
                BeforePrompt = (prompt, token) =>
                {
                    if (next.Contains(prompt.Id))
                    {
                        token.WaitHandle.WaitOne();
                        token.ThrowIfCancellationRequested();
                    }
                },
            },
        };
        using var stop = new CancellationTokenSource();
        await _campaign.RunAsync(new Watcher(state =>
        {
            if (state.Rounds.Count > round && state.Rounds[round].Outcome is not null)
            {
                stop.Cancel();
            }
        }), cancellationToken: stop.Token);
        _campaign.Engines = engines;
        Assert.Null(CampaignReader.Read(_campaign.StatePath)!.Rounds.ElementAtOrDefault(round + 1)?.Pairs);
    }

    /// <summary>A while ago, so that it cannot be taken back any more.</summary>
    private void Judge(PeopleTask task, PeopleAnswer answer) => Assert.Null(
        _queue.Judge(new(task.Id, "anna", answer, task.First, 2, TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1))));

    private PairRecord[] Pairs(CampaignState state, int round) =>
        [.. PairFile.Read(StateDirectory.ArtifactsOf(_campaign.StatePath).PathOf(state.Rounds[round].Pairs!.Pairs))];

    private async Task<ReplayedWork> ReplayPairsAsync(int round)
    {
        var options = _campaign.Configuration.Options;
        await using var replay = CampaignReplay.Open(
            _campaign.StatePath,
            CampaignReader.Read(_campaign.StatePath)!.Plan!,
            options,
            Engines(null),
            _scratch.FullName,
            name => name == "people",
            TimeProvider.System);
        var events = CampaignReader.ReadEvents(CampaignReader.DatabasePath(_campaign.StatePath));
        var pairing = RecordedWork.Of(events, round, round).Single(work => work.Id.Stage == Stage.Pair);
        return await replay.ReplayAsync(pairing, _ => { }, CancellationToken.None);
    }

    private sealed class Watcher(Action<CampaignState> seen) : IProgress<CampaignProgress>
    {
        public void Report(CampaignProgress value) => seen(value.State);
    }
}
