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

    [Fact]
    public void Apply_does_not_count_the_time_at_rest()
    {
        var whole = new CampaignSimulator().Run();
        var half = new CampaignSimulator(history: whole.History.Take(20)).Run();

        Assert.Equal(whole.State.Rounds.Select(round => round.TotalSeconds), half.State.Rounds.Select(round => round.TotalSeconds));
    }

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
