using System.Collections.Concurrent;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests.Workers;

public sealed class WorkSlotTests
{
    private static readonly Digest Kept = Digest.Of([1]);
    private static readonly TrainOrder Order = new(new WorkId(1, Stage.Train, 0), [], null, null, null) { Number = 7, Campaign = "test" };
    private readonly ConcurrentQueue<string> _seen = [];

    [Fact]
    public async Task Checkpoint_isToldOnceItIsKeptElsewhere()
    {
        var (told, trained) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slot = Slot((report, _) =>
        {
            report(new CheckpointWork(Order.Id, Kept));
            return trained.Task;
        });
        slot.Listener = new SlotListener((_, message) =>
        {
            _seen.Enqueue(message.ToString()!);
            told.SetResult();
        }, () => { });

        slot.State.Take(Order);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal([$"offered {Kept.Short}", new CheckpointWork(Order.Id, Kept).ToString()], _seen);
        trained.SetResult();
        await slot.DisposeAsync();
    }

    [Fact]
    public async Task TrainingThatIsGivenUp_isHandedBackOnceItsLastStepIsKeptElsewhere()
    {
        var begun = new TaskCompletionSource();
        var slot = Slot(async (report, givenUp) =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, givenUp);
            }
            finally
            {
                report(new CheckpointWork(Order.Id, Kept));
            }
        });
        var ended = new TaskCompletionSource();
        slot.Listener = new SlotListener((_, message) => _seen.Enqueue(message.ToString()!), () =>
        {
            _seen.Enqueue("ended");
            ended.SetResult();
        });
        slot.State.Take(Order);
        await begun.Task;

        slot.Cancel();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal([$"offered {Kept.Short}", new CheckpointWork(Order.Id, Kept).ToString(), "ended"], _seen);
        Assert.Equal(new WorkCancelled(Order.Id, 7), slot.State.Telling!.Value.Message);
    }

    [Fact]
    public async Task TooLittleMemory_isTroubleOfTheNode()
    {
        var slot = Slot((_, _) => throw new NotEnoughMemoryException("training needs 9 GiB"));
        var ended = new TaskCompletionSource();
        slot.Listener = new SlotListener((_, _) => { }, () => ended.TrySetResult());

        slot.State.Take(Order);
        await ended.Task;

        Assert.Equal("training needs 9 GiB", slot.Troubles["test"]);
    }

    [Fact]
    public async Task Silence_growsWhileTheEngineSaysNothing_andIsNoneWhenItHasEnded()
    {
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slot = Slot(async (_, _) =>
        {
            begun.SetResult();
            await end.Task;
        });
        var ended = new TaskCompletionSource();
        slot.Listener = new SlotListener((_, _) => { }, () => ended.TrySetResult());
        Assert.Null(slot.Silence);

        slot.State.Take(Order);
        await begun.Task;
        await Task.Delay(30);
        var silence = slot.Silence;
        end.SetResult();
        await ended.Task;

        Assert.InRange(silence!.Value.TotalMilliseconds, 25, 60_000);
        await slot.DisposeAsync();
        Assert.Null(slot.Silence);
    }

    /// <summary>A node is taken for stuck after half an hour of silence; the machine is up for longer.</summary>
    [Fact]
    public async Task Silence_ofWorkThatNoThreadHasTakenUpYet_beginsWithIt()
    {
        using var go = new ManualResetEventSlim();
        var slot = Slot((_, _) => Task.CompletedTask, new HeldTime(go, Environment.CurrentManagedThreadId));
        var ended = new TaskCompletionSource();
        slot.Listener = new SlotListener((_, _) => { }, () => ended.TrySetResult());

        slot.State.Take(Order);
        var silence = slot.Silence;
        go.Set();

        Assert.InRange(silence!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        await ended.Task;
        await slot.DisposeAsync();
    }

    [Fact]
    public async Task TroubleOfTheNode_handsTheWorkBackAndNamesItself()
    {
        var slot = Slot((_, _) => throw new StorageException("the disk is full"));
        var ended = new TaskCompletionSource();
        slot.Listener = new SlotListener((_, _) => { }, () => ended.TrySetResult());

        slot.State.Take(Order);
        await ended.Task;

        Assert.Equal(new WorkCancelled(Order.Id, 7), slot.State.Telling!.Value.Message);
        Assert.Equal("the disk is full", slot.Troubles["test"]);
    }

    [Fact]
    public async Task UnitThatIsDone_isToldBeforeItIsOffered()
    {
        var slot = Slot((_, _) => Task.CompletedTask);
        var ended = new TaskCompletionSource();
        slot.Listener = new SlotListener((_, _) => { }, () => ended.TrySetResult());

        slot.State.Take(Order);
        await ended.Task;

        Assert.Equal(["did 1/Train/0 of test in 0.0 s", $"offered {Kept.Short}"], _seen);
        await slot.DisposeAsync();
    }

    private WorkSlot Slot(Func<Action<ICampaignMessage>, CancellationToken, Task> work, TimeProvider? time = null) =>
        new(
            WorkerRole.Trainer,
            (_, _) => Task.FromResult<IWorker>(new Worker(work)),
            new Exchange(_seen),
            time ?? TimeProvider.System,
            stepsBack: true,
            note: _seen.Enqueue);

    /// <summary>Long since it began, and for other threads than one it stands still until it is let go.</summary>
    private sealed class HeldTime(ManualResetEventSlim go, int thread) : TimeProvider
    {
        public override long GetTimestamp()
        {
            if (Environment.CurrentManagedThreadId != thread)
            {
                go.Wait();
            }
            return base.GetTimestamp() + 3600 * TimestampFrequency;
        }
    }

    private sealed class Worker(Func<Action<ICampaignMessage>, CancellationToken, Task> work) : IWorker
    {
        public async Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken)
        {
            await work(report, cancellationToken);
            return new PublishResult(order.Id, Kept, 0);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Exchange(ConcurrentQueue<string> seen) : IArtifactExchange
    {
        public Task FetchAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task OfferAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken)
        {
            foreach (var digest in digests)
            {
                seen.Enqueue($"offered {digest.Short}");
            }
            return Task.CompletedTask;
        }
    }
}
