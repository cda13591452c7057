using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests;

public sealed class WorkerPoolTests
{
    private static readonly JudgeOrder First = new(new WorkId(1, Stage.Judge, 0), Digest.Of([1]));
    private static readonly JudgeOrder Second = new(new WorkId(1, Stage.Judge, 1), Digest.Of([2]));
    private const string Worker = "a", Other = "b";
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private readonly WorkerPool<string> _pool = new(TimeSpan.FromSeconds(10));

    public WorkerPoolTests() => _pool.NumberFrom(6);

    [Fact]
    public void Assign_gives_each_free_worker_one_order_of_its_role()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Ready(Other, WorkerRole.Trainer, Now);

        Assert.Equal([(Worker, First with { Number = 7 })], _pool.Assign([First, Second]));
    }

    [Fact]
    public void Assign_gives_nobody_what_another_has_in_hand()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Assign([First]);
        _pool.Ready(Other, WorkerRole.Judge, Now);

        Assert.Empty(_pool.Assign([First]));
    }

    [Fact]
    public void Release_frees_the_worker_and_the_work()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Assign([First]);

        _pool.Release(7);

        Assert.Empty(_pool.InHand);
        Assert.Equal([(Worker, First with { Number = 8 })], _pool.Assign([First]));
    }

    [Fact]
    public void Release_of_an_earlier_order_leaves_the_later_one_for_the_same_work_in_hand()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Assign([First]);
        _pool.Release(7);
        _pool.Assign([First]);

        _pool.Release(7);

        Assert.Equal([(Worker, First.Id, 8L)], _pool.InHand);
        Assert.True(_pool.IsInOtherHands(First.Id, 7));
        Assert.False(_pool.IsInOtherHands(First.Id, 8));
    }

    [Fact]
    public void Remove_tells_what_the_worker_had_in_hand()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Assign([First]);

        Assert.Equal((First.Id, 7L), _pool.Remove(Worker));
        Assert.Empty(_pool.Assign([First]));
    }

    [Fact]
    public void Failed_work_waits_for_another_worker_of_the_role()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Ready(Other, WorkerRole.Judge, Now);
        _pool.Assign([First, Second]);
        _pool.Failed(First.Id, Worker);
        _pool.Release(7);

        var whileOtherIsBusy = _pool.Assign([First]);
        _pool.Release(8);

        Assert.Empty(whileOtherIsBusy);
        Assert.Equal([(Other, First with { Number = 9 })], _pool.Assign([First]));
    }

    [Fact]
    public void Failed_work_goes_to_the_same_worker_where_there_is_no_other()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Failed(First.Id, Worker);

        Assert.Equal([(Worker, First with { Number = 7 })], _pool.Assign([First]));
    }

    [Fact]
    public void Ready_of_a_worker_that_should_have_work_gives_it_again()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Assign([First]);

        Assert.Equal(First with { Number = 7 }, _pool.Ready(Worker, WorkerRole.Judge, Now));
    }

    [Fact]
    public void Busy_of_work_that_another_incarnation_gave_out_keeps_others_from_it()
    {
        _pool.Busy(Worker, WorkerRole.Judge, First.Id, 3, Now);
        _pool.Ready(Other, WorkerRole.Judge, Now);

        Assert.Equal([(Other, Second with { Number = 7 })], _pool.Assign([First, Second]));
    }

    [Fact]
    public void Silent_is_who_was_not_heard_of_for_longer_than_a_lease()
    {
        _pool.Ready(Worker, WorkerRole.Judge, Now);
        _pool.Ready(Other, WorkerRole.Judge, Now);
        _pool.Assign([First]);

        _pool.Busy(Worker, WorkerRole.Judge, First.Id, 7, Now.AddSeconds(10));

        Assert.Empty(_pool.Silent(Now.AddSeconds(10)));
        Assert.Equal([Other], _pool.Silent(Now.AddSeconds(11)));
        Assert.Equal([Worker, Other], _pool.Silent(Now.AddSeconds(21)));
    }
}
