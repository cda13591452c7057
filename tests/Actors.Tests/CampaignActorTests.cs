using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Tests.Persistence;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignActorTests : TestKit
{
    private readonly DatabaseFile _file;
    private readonly IActorRef _campaign;

    public CampaignActorTests() : this(new DatabaseFile())
    {
    }

    private CampaignActorTests(DatabaseFile file) : base(Settings(file))
    {
        _file = file;
        _campaign = StartCampaign();
    }

    [Fact]
    public void Result_sent_twice_counts_once()
    {
        var (worker, order) = ReceiveFirstOrder();
        var result = Result(order);

        worker.Send(_campaign, result);
        worker.Send(_campaign, result);
        var next = worker.ExpectMsg<SampleOrder>();

        Assert.NotEqual(order.Id, next.Id);
        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Single(StateOf(_campaign).Rounds[0].Evaluations);
    }

    [Fact]
    public void Work_of_a_worker_that_stops_goes_to_another_under_the_same_id()
    {
        var (worker, order) = ReceiveFirstOrder();
        var other = CreateTestProbe();
        _campaign.Tell(new WatchCampaign(), TestActor);

        Sys.Stop(worker.Ref);
        FishForMessage<CampaignState>(state => state.Attempts.ContainsKey(order.Id));
        other.Send(_campaign, new WorkerReady(WorkerRole.Generator));

        Assert.Equal(order.Id, other.ExpectMsg<SampleOrder>().Id);
    }

    [Fact]
    public void Work_that_a_worker_fails_on_goes_to_another()
    {
        var (worker, order) = ReceiveFirstOrder();
        var other = CreateTestProbe();
        other.Send(_campaign, new WorkerReady(WorkerRole.Generator));
        var inHand = other.ExpectMsg<SampleOrder>();

        worker.Send(_campaign, Failure(order));
        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        other.Send(_campaign, Result(inHand));

        Assert.Equal(order.Id, other.ExpectMsg<SampleOrder>().Id);
    }

    [Fact]
    public void Failure_of_an_earlier_order_neither_counts_nor_frees_who_has_the_work_now()
    {
        var (worker, order) = ReceiveFirstOrder();
        worker.Send(_campaign, Failure(order));
        var again = worker.ExpectMsg<SampleOrder>();

        worker.Send(_campaign, Failure(order));

        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Equal((order.Id, 1), (again.Id, StateOf(_campaign).Attempts[order.Id]));
    }

    [Fact]
    public void Result_of_an_earlier_order_counts_and_does_not_free_who_has_the_work_now()
    {
        var (worker, order) = ReceiveFirstOrder();
        worker.Send(_campaign, Failure(order));
        var again = worker.ExpectMsg<SampleOrder>();

        worker.Send(_campaign, Result(order));
        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        worker.Send(_campaign, Result(again));

        Assert.NotEqual(order.Id, worker.ExpectMsg<SampleOrder>().Id);
        Assert.Single(StateOf(_campaign).Rounds[0].Evaluations);
    }

    [Fact]
    public void Cancelling_of_an_earlier_order_does_not_free_who_has_the_work_now()
    {
        var (worker, order) = ReceiveFirstOrder();
        worker.Send(_campaign, Failure(order));
        worker.ExpectMsg<SampleOrder>();

        worker.Send(_campaign, new WorkCancelled(order.Id, order.Number));

        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Result_of_an_order_from_before_a_restart_counts()
    {
        var (worker, order) = ReceiveFirstOrder();
        Watch(_campaign);
        Sys.Stop(_campaign);
        ExpectTerminated(_campaign);
        var again = StartCampaign();

        worker.Send(again, Result(order));
        worker.Send(again, new WorkerReady(WorkerRole.Generator));

        var next = worker.ExpectMsg<SampleOrder>();
        Assert.NotEqual(order.Id, next.Id);
        Assert.NotEqual(order.Number, next.Number);
    }

    [Fact]
    public void Order_that_never_arrived_is_sent_again_to_a_worker_that_is_still_ready()
    {
        var (worker, order) = ReceiveFirstOrder();

        worker.Send(_campaign, new WorkerReady(WorkerRole.Generator));

        Assert.Equal(order, worker.ExpectMsg<SampleOrder>());
    }

    [Fact]
    public void Campaign_that_was_stopped_goes_on_from_its_journal()
    {
        var (worker, order) = ReceiveFirstOrder();
        worker.Send(_campaign, Result(order));
        worker.ExpectMsg<SampleOrder>();
        Watch(_campaign);
        Sys.Stop(_campaign);
        ExpectTerminated(_campaign);

        var again = StartCampaign();
        worker.Send(again, new WorkerReady(WorkerRole.Generator));

        Assert.NotEqual(order.Id, worker.ExpectMsg<SampleOrder>().Id);
    }

    [Fact]
    public void Stop_cancels_work_in_hand_and_answers_when_it_is_back()
    {
        var (worker, order) = ReceiveFirstOrder();
        _campaign.Tell(new WatchCampaign(), TestActor);
        ExpectMsg<CampaignState>();

        _campaign.Tell(new StopCampaign());
        worker.ExpectMsg<CancelWork>();
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        worker.Send(_campaign, new WorkCancelled(order.Id, order.Number));

        ExpectMsg<CampaignStopped>();
    }

    [Fact]
    public void Start_after_a_stop_gives_out_work_again()
    {
        var (worker, order) = ReceiveFirstOrder();
        _campaign.Tell(new StopCampaign());
        worker.ExpectMsg<CancelWork>();
        worker.Send(_campaign, new WorkCancelled(order.Id, order.Number));

        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan));

        Assert.Equal(order.Id, worker.ExpectMsg<SampleOrder>().Id);
    }

    [Fact]
    public void Start_with_other_settings_after_a_stop_leaves_it_stopped()
    {
        var (worker, order) = ReceiveFirstOrder();
        _campaign.Tell(new StopCampaign());
        worker.ExpectMsg<CancelWork>();

        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan with { SettingsDigest = CampaignSimulator.Named("other") }), TestActor);
        ExpectMsg<CampaignFailed>();
        worker.Send(_campaign, new WorkCancelled(order.Id, order.Number));

        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Journal_that_cannot_be_written_is_reported_to_the_watchers()
    {
        var (worker, order) = ReceiveFirstOrder();
        _campaign.Tell(new WatchCampaign(), TestActor);
        ExpectMsg<CampaignState>();
        _file.Run("DROP TABLE journal");

        worker.Send(_campaign, Result(order));

        Assert.Contains("cannot be journalled", ExpectMsg<CampaignFailed>().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_with_other_settings_is_refused()
    {
        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan));

        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan with { SettingsDigest = CampaignSimulator.Named("other") }), TestActor);

        ExpectMsg<CampaignFailed>();
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _file.Dispose();
    }

    private static Config Settings(DatabaseFile file)
    {
        CampaignDatabase.Prepare(file.Path);
        return ConfigurationFactory.ParseString("akka.actor.provider = local")
            .WithFallback(JournalSettings.Sqlite(file.Path))
            .WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "akka.conf"))));
    }

    private IActorRef StartCampaign() => Sys.ActorOf(CampaignActor.Props("test", TimeProvider.System));

    private (Akka.TestKit.TestProbe Worker, WorkOrder Order) ReceiveFirstOrder()
    {
        var worker = CreateTestProbe();
        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan));
        worker.Send(_campaign, new WorkerReady(WorkerRole.Generator));
        return (worker, worker.ExpectMsg<SampleOrder>());
    }

    private static CompleteWork Result(WorkOrder order) => new(new CampaignSimulator().ResultOf(order), order.Number);

    private static FailWork Failure(WorkOrder order) => new(order.Id, "crashed", FailureKind.Transient, Order: order.Number);

    private CampaignState StateOf(IActorRef campaign)
    {
        campaign.Tell(new WatchCampaign(), TestActor);
        return ExpectMsg<CampaignState>();
    }
}
