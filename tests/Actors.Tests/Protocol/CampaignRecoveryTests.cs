using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests.Protocol;

public sealed class CampaignRecoveryTests
{
    /// <summary>A campaign with everything in it: a round kept, one rolled back, one skipped, failures, a dropped unit.</summary>
    private static readonly CampaignSimulator Eventful = RunEventful();

    public static TheoryData<int> Boundaries => [.. Enumerable.Range(0, Eventful.History.Count + 1)];

    [Theory]
    [MemberData(nameof(Boundaries))]
    public void Replay_of_the_first_events_then_running_ends_alike(int events)
    {
        var resumed = Resume(events).Run();

        Assert.Equal(CampaignStatus.Completed, resumed.State.Status);
        Assert.Equal(
            Eventful.State.Rounds.Select(round => (round.Number, round.Outcome, round.Checkpoint, round.HeldOut)),
            resumed.State.Rounds.Select(round => (round.Number, round.Outcome, round.Checkpoint, round.HeldOut)));
    }

    [Theory]
    [MemberData(nameof(Boundaries))]
    public void Replay_of_the_first_events_never_redoes_recorded_work(int events)
    {
        var recorded = Eventful.History.Take(events).OfType<WorkCompleted>().Select(e => e.Result.Id);

        var resumed = Resume(events).Run();

        Assert.Empty(resumed.Done.Intersect(recorded));
    }

    [Fact]
    public void Replay_of_all_events_gives_the_same_state()
    {
        var replayed = Eventful.History.Aggregate(CampaignState.Empty, CampaignHistory.Apply);

        Assert.Equal(WireFormat.Write(Eventful.State), WireFormat.Write(replayed));
    }

    /// <summary>
    /// Random histories: a snapshot of any time with the events after it, one of an older version too, is worth as much as all events.
    /// </summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Replay_from_a_snapshot_gives_the_state_that_all_events_give(int seed)
    {
        var random = new Random(seed);
        var history = RandomCampaign.Run(random).History;
        var all = history.Aggregate(CampaignState.Empty, CampaignHistory.Apply);
        var end = WireFormat.Write(all);

        for (var i = 0; i < 5; i++)
        {
            var events = random.Next(history.Count);
            var snapshot = Stored(history.Take(events).Aggregate(CampaignState.Empty, CampaignHistory.Apply));
            var old = CampaignHistory.Fold(Stored(CampaignHistory.Whole(history.Take(events))));

            Assert.Equal(end, WireFormat.Write(history.Skip(events).Aggregate(snapshot, CampaignHistory.Apply)));
            Assert.Equal(
                WireFormat.Write(CampaignHistory.Fold(all)),
                WireFormat.Write(CampaignHistory.Fold(history.Skip(events).Aggregate(old, CampaignHistory.Apply))));
        }
        Assert.Equal(WireFormat.Write(CampaignHistory.Fold(all)), WireFormat.Write(CampaignHistory.Fold(CampaignHistory.Whole(history))));
    }

    [Fact]
    public void Snapshot_grows_by_less_than_a_kilobyte_a_round()
    {
        var campaign = new CampaignSimulator(
            CampaignSimulator.Plan with
            {
                Rounds = 200,
                Prompts = 16,
                HeldOutPrompts = 6,
                Data = PairData.Replay,
                Reference = ReferenceOrigin.Ema,
            }
        ).Run();

        var rounds = CampaignHistory.Fold(campaign.State).Rounds;

        Assert.Equal(201, rounds.Count);
        Assert.InRange(WireFormat.Write(campaign.State with { Rounds = rounds }).Length / rounds.Count, 300, 1100);
    }

    [Fact]
    public void Apply_does_not_count_the_time_at_rest()
    {
        var whole = new CampaignSimulator().Run();
        var half = new CampaignSimulator(history: whole.History.Take(20)).Run();

        Assert.Equal(whole.State.Rounds.Select(round => round.TotalSeconds), half.State.Rounds.Select(round => round.TotalSeconds));
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 100)];

    private static CampaignState Stored(CampaignState state) =>
        (CampaignState)WireFormat.Read(WireFormat.Write(state), WireFormat.ManifestOf(state));

    private static CampaignSimulator Resume(int events) => new(history: Eventful.History.Take(events))
    {
        Right = Eventful.Right,
        Pairs = Eventful.Pairs,
    };

    private static CampaignSimulator RunEventful()
    {
        var campaign = new CampaignSimulator
        {
            Right = round => round == 2 ? 1 : 5,
            Pairs = round => round == 3 ? 0 : 4,
        };
        campaign.Run(until: new WorkId(1, Stage.Train, 0));
        campaign.Command(new FailWork(new WorkId(1, Stage.Train, 0), "worker lost", FailureKind.Transient));
        campaign.Command(new FailWork(new WorkId(1, Stage.Train, 0), "disk full", FailureKind.Permanent));
        campaign.Command(new StartCampaign(CampaignSimulator.Plan));
        return campaign.Run();
    }
}
