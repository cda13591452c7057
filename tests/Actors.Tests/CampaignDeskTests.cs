using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignDeskTests : IDeskSurroundings<string>
{
    private readonly Clock _clock = new();
    private readonly List<(string To, ICampaignMessage Message)> _told = [];
    private readonly CampaignDesk<string> _desk;
    private long _sequence;
    private bool _isStopped;

    public CampaignDeskTests()
    {
        _desk = new CampaignDesk<string>("test", _clock, TimeSpan.FromSeconds(10), TimeSpan.Zero, this);
        _desk.Hear("operator", new StartCampaign(CampaignSimulator.Plan));
    }

    [Fact]
    public void Look_of_a_process_that_slept_takes_no_work()
    {
        var order = Ready("a");
        _desk.Look();
        _clock.Now += TimeSpan.FromMinutes(1);

        _desk.Look();

        Assert.NotEqual(order.Id, Ready("b").Id);
    }

    [Fact]
    public void Look_takes_work_of_a_silent_worker()
    {
        var order = Ready("a");
        for (var i = 0; i < 11; i++)
        {
            _clock.Now += TimeSpan.FromSeconds(1);
            _desk.Look();
        }

        Assert.Equal(order.Id, Ready("b").Id);
    }

    [Fact]
    public void Result_for_an_order_of_a_later_incarnation_ends_this_one_and_is_not_settled()
    {
        var order = Ready("a");

        _desk.Hear("a", new CompleteWork(new CampaignSimulator().ResultOf(order), long.MaxValue));

        Assert.True(_isStopped);
        Assert.DoesNotContain(_told, told => told.Message is WorkSettled);
    }

    [Fact]
    public void Worker_that_stops_is_not_lost_where_its_slot_speaks_by_another_actor()
    {
        Ready("a");
        _desk.Lose("a", "stopped");
        Ready("b");
        _desk.Lose("b", "stopped");
        var order = Ready("c");

        _desk.Hear("d", new WorkInHand(WorkerRole.Generator, order.Id, order.Number));
        _desk.Lose("c", "stopped");

        Assert.Empty(_desk.State.Attempts);
        Assert.NotEqual(order.Id, Ready("e").Id);
    }

    [Fact]
    public void Cancelling_of_an_earlier_order_leaves_the_later_one_in_hand()
    {
        var order = Ready("a");
        _desk.Hear("a", new FailWork(order.Id, "crashed", FailureKind.Transient, Order: order.Number));

        _desk.Hear("a", new WorkCancelled(order.Id, order.Number));

        Assert.NotEqual(order.Id, Ready("b").Id);
    }

    [Fact]
    public void Failures_and_losses_of_rounds_that_ended_are_forgotten()
    {
        var results = new CampaignSimulator();
        for (var i = 0; i < 4; i++)
        {
            _desk.Lose("lost", "stopped");
            Ready("lost");
        }
        foreach (var role in Enum.GetValues<WorkerRole>())
        {
            _desk.Hear($"{role}", new WorkerReady(role));
        }
        FailWork? first = null;
        var failed = new HashSet<WorkId>();
        for (var i = 0; i < _told.Count && _desk.State.Rounds.Count < 3; i++)
        {
            if (_told[i] is { Message: WorkOrder order, To: var worker })
            {
                var failure = new FailWork(order.Id, "crashed", FailureKind.Transient, Order: order.Number);
                first ??= failure;
                _desk.Hear(worker, failed.Add(order.Id) ? failure : new CompleteWork(results.ResultOf(order), order.Number));
                _desk.Hear(worker, new WorkerReady(order.Role));
            }
        }

        Assert.Equal(3, _desk.State.Rounds.Count);
        Assert.DoesNotContain(_desk.Remembered, id => id.Round < 2);
        _desk.Hear("a", first!);
        Assert.DoesNotContain(_desk.Remembered, id => id.Round < 2);
    }

    [Fact]
    public void Worker_that_is_ready_while_nothing_is_due_for_it_hears_so()
    {
        _desk.Hear("a", new WorkerReady(WorkerRole.Trainer));

        Assert.Equal(("a", new NoWork("test")), _told[^1]);
    }

    [Fact]
    public void Work_that_another_has_by_a_later_order_is_cancelled_and_that_one_goes_on()
    {
        var first = Ready("a");
        _desk.Lose("a", "stopped");
        var second = Ready("b");
        _told.Clear();

        _desk.Hear("a", new WorkInHand(WorkerRole.Generator, first.Id, first.Number));
        _desk.Hear("b", new WorkInHand(WorkerRole.Generator, second.Id, second.Number));

        Assert.Equal(first.Id, second.Id);
        Assert.Equal([("a", new CancelWork("test", first.Number))], _told);
    }

    void IDeskSurroundings<string>.Tell(string to, ICampaignMessage message) => _told.Add((to, message));

    void IDeskSurroundings<string>.TellWatchers(ICampaignMessage message)
    {
    }

    void IDeskSurroundings<string>.Watch(string worker)
    {
    }

    void IDeskSurroundings<string>.Stop() => _isStopped = true;

    void IDeskSurroundings<string>.Journal(IReadOnlyList<CampaignEvent> events, Action then)
    {
        foreach (var @event in events)
        {
            _desk.Apply(@event, ++_sequence);
        }
        then();
    }

    private WorkOrder Ready(string worker)
    {
        _desk.Hear(worker, new WorkerReady(WorkerRole.Generator));
        return (WorkOrder)_told.Last(told => told.To == worker).Message;
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
