using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// What all workers share: one unit of work at a time, off the mailbox; its result or failure goes to the campaign under the work's id.
/// A worker says that it is ready when it starts and now and then while it is idle, so that nobody has to remember it.
/// After a failure that may be the engine's, the worker restarts with a new one.
/// </summary>
public abstract class WorkerActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ReadyInterval = TimeSpan.FromSeconds(1);

    private readonly WorkerRole _role;
    private readonly CampaignLink _campaign;
    private Job? _inHand;
    private WorkResult? _last;

    protected WorkerActor(WorkerRole role, CampaignLink campaign)
    {
        _role = role;
        _campaign = campaign;

        Receive<ReadyTick>(_ => TellReady());
        Receive<CancelWork>(_ => _inHand?.Cancellation.Cancel());
        Receive<Succeeded>(OnSucceeded);
        Receive<Failed>(OnFailed);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Does orders of this type by a function that runs off the mailbox.</summary>
    protected void Do<TOrder>(Func<TOrder, CancellationToken, Task<WorkResult>> work)
        where TOrder : WorkOrder => Receive<TOrder>(order => Begin(order, token => work(order, token)));

    /// <summary>Makes a report of progress in hand; safe to call from any thread.</summary>
    protected Action<WorkProgress> ReportProgress()
    {
        var self = Self;
        return progress => _campaign.Tell(progress, self);
    }

    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(nameof(ReadyTick), new ReadyTick(), TimeSpan.Zero, ReadyInterval);
    }

    protected override void PostStop()
    {
        _inHand?.Cancellation.Cancel();
        base.PostStop();
    }

    protected override void PreRestart(Exception reason, object message)
    {
        if (_inHand is { Order: var order })
        {
            _campaign.Tell(new FailWork(order.Id, reason.Message, FailureKind.Transient, Order: order.Number), Self);
        }
        base.PreRestart(reason, message);
    }

    private void Begin(WorkOrder order, Func<CancellationToken, Task<WorkResult>> work)
    {
        if (_inHand is not null)
        {
            return;
        }
        if (_last?.Id == order.Id)
        {
            _campaign.Tell(new CompleteWork(_last, order.Number), Self);
            return;
        }
        var job = new Job(order, new CancellationTokenSource());
        var token = job.Cancellation.Token;
        _inHand = job;
        Task.Run(() => work(token), token).PipeTo(
            Self,
            success: result => new Succeeded(job, result),
            failure: error => new Failed(job, error, token.IsCancellationRequested));
    }

    private void OnSucceeded(Succeeded message)
    {
        if (LetGo(message.Job) is { } order)
        {
            _last = message.Result;
            _campaign.Tell(new CompleteWork(message.Result, order.Number), Self);
        }
    }

    private void OnFailed(Failed message)
    {
        if (LetGo(message.Job) is not { } order)
        {
            return;
        }
        if (message is { Cancelled: true, Error: OperationCanceledException })
        {
            _campaign.Tell(new WorkCancelled(order.Id, order.Number), Self);
            return;
        }
        var kind = WorkFailures.KindOf(message.Error);
        _campaign.Tell(new FailWork(order.Id, message.Error.Message, kind, (message.Error as UnfinishedWorkException)?.Partial, order.Number), Self);
        if (kind == FailureKind.Transient && message.Error is not UnfinishedWorkException)
        {
            throw new WorkerException($"{order.Id} failed: {message.Error.Message}", message.Error);
        }
    }

    /// <returns>The order that is done with; null where it is not in hand: it was begun before a restart, which told of it as failed.</returns>
    private WorkOrder? LetGo(Job job)
    {
        if (_inHand != job)
        {
            return null;
        }
        _inHand = null;
        return job.Order;
    }

    private void TellReady()
    {
        if (_inHand is null)
        {
            _campaign.Tell(new WorkerReady(_role), Self);
        }
    }

    private sealed record ReadyTick;

    /// <summary>An order that was begun; equal to no other, as its cancellation is its own.</summary>
    private sealed record Job(WorkOrder Order, CancellationTokenSource Cancellation);

    private sealed record Succeeded(Job Job, WorkResult Result);

    private sealed record Failed(Job Job, Exception Error, bool Cancelled);
}
