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
        IgnoreMessages(message => message is CampaignAccepted);
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
    public void Work_of_a_worker_that_stops_goes_to_another_under_the_same_id_and_counts_as_no_attempt()
    {
        var (worker, order) = ReceiveFirstOrder();
        var other = CreateProbe();

        Lose(worker);
        other.Send(_campaign, new WorkerReady(WorkerRole.Generator));

        Assert.Equal(order.Id, other.ExpectMsg<SampleOrder>().Id);
        Assert.Empty(StateOf(_campaign).Attempts);
    }

    [Fact]
    public void Work_that_takes_down_one_worker_after_the_other_counts_as_failed()
    {
        var (worker, order) = ReceiveFirstOrder();
        for (var i = 0; i < 2; i++)
        {
            Lose(worker);
            worker = CreateProbe();
            worker.Send(_campaign, new WorkerReady(WorkerRole.Generator));
            worker.ExpectMsg<SampleOrder>();
        }
        _campaign.Tell(new WatchCampaign(), TestActor);

        Sys.Stop(worker.Ref);

        FishForMessage<CampaignState>(state => state.Attempts.GetValueOrDefault(order.Id) == 1);
    }

    [Fact]
    public void Work_of_a_worker_that_falls_silent_goes_to_another_and_progress_keeps_it()
    {
        var campaign = StartCampaign("leased", CampaignHosting.InOneProcess(TimeProvider.System) with { Lease = TimeSpan.FromSeconds(2) });
        campaign.Tell(new StartCampaign(CampaignSimulator.Plan));
        var (silent, talking, third) = (CreateProbe(), CreateProbe(), CreateProbe());
        silent.Send(campaign, new WorkerReady(WorkerRole.Generator));
        talking.Send(campaign, new WorkerReady(WorkerRole.Generator));
        var (lost, kept) = (silent.ExpectMsg<SampleOrder>(), talking.ExpectMsg<SampleOrder>());

        WorkOrder? again = null;
        AwaitCondition(() =>
        {
            talking.Send(campaign, new WorkInHand(WorkerRole.Generator, kept.Id, kept.Number));
            third.Send(campaign, new WorkerReady(WorkerRole.Generator));
            again = third.ReceiveOne(TimeSpan.FromMilliseconds(200)) as SampleOrder;
            return again?.Id == lost.Id;
        }, TimeSpan.FromSeconds(10));

        Assert.True(again!.Number > kept.Number);
        talking.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Work_in_hand_when_the_campaign_moved_is_not_given_out_again()
    {
        var (worker, order) = ReceiveFirstOrder();
        Watch(_campaign);
        Sys.Stop(_campaign);
        ExpectTerminated(_campaign);
        var again = StartCampaign("test", CampaignHosting.InOneProcess(TimeProvider.System) with { HandIn = TimeSpan.FromSeconds(2) });
        var idle = CreateProbe();

        idle.Send(again, new WorkerReady(WorkerRole.Generator));
        worker.Send(again, new WorkInHand(WorkerRole.Generator, order.Id, order.Number));

        var other = idle.ExpectMsg<SampleOrder>(TimeSpan.FromSeconds(10));
        Assert.NotEqual(order.Id, other.Id);
        Assert.True(other.Number > order.Number);
    }

    [Fact]
    public void Work_that_is_not_wanted_any_more_is_cancelled()
    {
        var (worker, order) = ReceiveFirstOrder();
        worker.Send(_campaign, Result(order));
        worker.ExpectMsg<SampleOrder>();
        var late = CreateProbe();

        late.Send(_campaign, new WorkInHand(WorkerRole.Generator, order.Id, order.Number));

        Assert.Equal(new CancelWork(order.Campaign, order.Number), late.ExpectMsg<CancelWork>());
    }

    [Fact]
    public void What_a_worker_tells_is_settled_also_when_it_tells_it_twice()
    {
        var worker = CreateProbe();
        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan));
        worker.Send(_campaign, new WorkerReady(WorkerRole.Generator));
        var order = worker.ExpectMsg<SampleOrder>();

        worker.Send(_campaign, Result(order));
        worker.Send(_campaign, Result(order));

        Assert.Equal(new WorkSettled(order.Campaign, order.Number), worker.ExpectMsg<WorkSettled>());
        worker.ExpectMsg<SampleOrder>();
        Assert.Equal(new WorkSettled(order.Campaign, order.Number), worker.ExpectMsg<WorkSettled>());
    }

    [Fact]
    public void Pause_and_continue_of_an_operator()
    {
        var (worker, order) = ReceiveFirstOrder();

        _campaign.Tell(new PauseCampaign("by hand"), TestActor);
        worker.Send(_campaign, Result(order));
        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        var paused = StateOf(_campaign);
        _campaign.Tell(new ContinueCampaign(), TestActor);

        Assert.Equal((CampaignStatus.Paused, "by hand", 1), (paused.Status, paused.PauseReason, paused.Rounds[0].Evaluations.Count));
        Assert.NotEqual(order.Id, worker.ExpectMsg<SampleOrder>().Id);
    }

    [Fact]
    public void Campaign_that_was_cancelled_does_not_start_again()
    {
        var (worker, _) = ReceiveFirstOrder();

        _campaign.Tell(new CancelCampaign(), TestActor);
        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan), TestActor);

        Assert.Contains("was cancelled", ExpectMsg<CampaignFailed>().Reason, StringComparison.Ordinal);
        worker.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Work_that_a_worker_fails_on_goes_to_another()
    {
        var (worker, order) = ReceiveFirstOrder();
        var other = CreateProbe();
        other.IgnoreMessages(message => message is WorkSettled or NoWork);
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
    public async Task Historian_reads_what_the_campaign_has_let_go_while_it_runs()
    {
        var (worker, order) = ReceiveFirstOrder();
        worker.Send(_campaign, Result(order));
        worker.ExpectMsg<SampleOrder>();

        var whole = new TaskCompletionSource<CampaignState>();
        Sys.ActorOf(CampaignHistorian.Props("test", whole));
        var read = await whole.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(order.Id, Assert.Single(read.Rounds[0].Results).Id);
        Assert.Equal(CampaignStatus.Running, read.Status);
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
        worker.Send(_campaign, new WorkerReady(WorkerRole.Generator));

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

    private IActorRef StartCampaign() => StartCampaign("test", CampaignHosting.InOneProcess(TimeProvider.System));

    private IActorRef StartCampaign(string name, CampaignHosting hosting) => Sys.ActorOf(CampaignActor.Props(name, hosting));

    private Akka.TestKit.TestProbe CreateProbe()
    {
        var probe = CreateTestProbe();
        probe.IgnoreMessages(message => message is NoWork);
        return probe;
    }

    private (Akka.TestKit.TestProbe Worker, WorkOrder Order) ReceiveFirstOrder()
    {
        var worker = CreateProbe();
        worker.IgnoreMessages(message => message is WorkSettled or NoWork);
        _campaign.Tell(new StartCampaign(CampaignSimulator.Plan));
        worker.Send(_campaign, new WorkerReady(WorkerRole.Generator));
        return (worker, worker.ExpectMsg<SampleOrder>());
    }

    private void Lose(Akka.TestKit.TestProbe worker)
    {
        Watch(worker);
        Sys.Stop(worker);
        ExpectTerminated(worker);
        // It has heard of it before it answers this.
        StateOf(_campaign);
    }

    private static CompleteWork Result(WorkOrder order) => new(new CampaignSimulator().ResultOf(order), order.Number);

    private static FailWork Failure(WorkOrder order) => new(order.Id, "crashed", FailureKind.Transient, Order: order.Number);

    private CampaignState StateOf(IActorRef campaign)
    {
        campaign.Tell(new WatchCampaign(), TestActor);
        return ExpectMsg<CampaignState>();
    }
}
