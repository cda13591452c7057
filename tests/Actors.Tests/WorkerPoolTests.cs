using Akka.TestKit.Xunit2;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests;

public sealed class WorkerPoolTests : TestKit
{
    private static readonly JudgeOrder First = new(new WorkId(1, Stage.Judge, 0), Digest.Of([1]));
    private static readonly JudgeOrder Second = new(new WorkId(1, Stage.Judge, 1), Digest.Of([2]));
    private readonly WorkerPool _pool = new(7);

    [Fact]
    public void Assign_gives_each_free_worker_one_order_of_its_role()
    {
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Register(CreateTestProbe().Ref, WorkerRole.Trainer);

        Assert.Equal([(TestActor, First with { Number = 7 })], _pool.Assign([First, Second]));
    }

    [Fact]
    public void Assign_gives_nobody_what_another_has_in_hand()
    {
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Assign([First]);
        _pool.Register(CreateTestProbe().Ref, WorkerRole.Judge);

        Assert.Empty(_pool.Assign([First]));
    }

    [Fact]
    public void Release_frees_the_worker_and_the_work()
    {
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Assign([First]);

        _pool.Release(7);

        Assert.Empty(_pool.Busy);
        Assert.Equal([(TestActor, First with { Number = 8 })], _pool.Assign([First]));
    }

    [Fact]
    public void Release_of_an_earlier_order_leaves_the_later_one_for_the_same_work_in_hand()
    {
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Assign([First]);
        _pool.Release(7);
        _pool.Assign([First]);

        _pool.Release(7);

        Assert.Equal([TestActor], _pool.Busy);
        Assert.True(_pool.IsInOtherHands(First.Id, 7));
        Assert.False(_pool.IsInOtherHands(First.Id, 8));
    }

    [Fact]
    public void Remove_tells_what_the_worker_had_in_hand()
    {
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Assign([First]);

        Assert.Equal(First with { Number = 7 }, _pool.Remove(TestActor));
        Assert.Empty(_pool.Assign([First]));
    }

    [Fact]
    public void Failed_work_waits_for_another_worker_of_the_role()
    {
        var other = CreateTestProbe().Ref;
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Register(other, WorkerRole.Judge);
        _pool.Assign([First, Second]);
        _pool.Failed(First.Id, TestActor);
        _pool.Release(7);

        var whileOtherIsBusy = _pool.Assign([First]);
        _pool.Release(8);

        Assert.Empty(whileOtherIsBusy);
        Assert.Equal([(other, First with { Number = 9 })], _pool.Assign([First]));
    }

    [Fact]
    public void Failed_work_goes_to_the_same_worker_where_there_is_no_other()
    {
        _pool.Register(TestActor, WorkerRole.Judge);
        _pool.Failed(First.Id, TestActor);

        Assert.Equal([(TestActor, First with { Number = 7 })], _pool.Assign([First]));
    }
}
