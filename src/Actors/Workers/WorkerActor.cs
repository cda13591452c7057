using Akka.Actor;
using IterativeDpo.Actors.Campaigns;
using IterativeDpo.Actors.Protocol;

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
    private WorkOrder? _inHand;
    private Action? _cancel;
    private WorkResult? _last;

    protected WorkerActor(WorkerRole role, CampaignLink campaign)
    {
        _role = role;
        _campaign = campaign;

        Receive<ReadyTick>(_ => TellReady());
        Receive<CancelWork>(_ => _cancel?.Invoke());
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
        _cancel?.Invoke();
        base.PostStop();
    }

    protected override void PreRestart(Exception reason, object message)
    {
        if (_inHand is not null)
        {
            _campaign.Tell(new FailWork(_inHand.Id, reason.Message, FailureKind.Transient), Self);
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
            _campaign.Tell(new CompleteWork(_last), Self);
            return;
        }
        _inHand = order;
        var cancellation = new CancellationTokenSource();
        var token = cancellation.Token;
        _cancel = cancellation.Cancel;
        Task.Run(() => work(token), token).PipeTo(
            Self,
            success: result => new Succeeded(result),
            failure: error => new Failed(order.Id, error, token.IsCancellationRequested));
    }

    private void OnSucceeded(Succeeded message)
    {
        LetGo();
        _last = message.Result;
        _campaign.Tell(new CompleteWork(message.Result), Self);
    }

    private void OnFailed(Failed message)
    {
        LetGo();
        if (message is { Cancelled: true, Error: OperationCanceledException })
        {
            _campaign.Tell(new WorkCancelled(message.Id), Self);
            return;
        }
        var kind = WorkFailures.KindOf(message.Error);
        _campaign.Tell(new FailWork(message.Id, message.Error.Message, kind, (message.Error as UnfinishedWorkException)?.Partial), Self);
        if (kind == FailureKind.Transient && message.Error is not UnfinishedWorkException)
        {
            throw new WorkerException($"{message.Id} failed: {message.Error.Message}", message.Error);
        }
    }

    private void LetGo()
    {
        _inHand = null;
        _cancel = null;
    }

    private void TellReady()
    {
        if (_inHand is null)
        {
            _campaign.Tell(new WorkerReady(_role), Self);
        }
    }

    private sealed record ReadyTick;

    private sealed record Succeeded(WorkResult Result);

    private sealed record Failed(WorkId Id, Exception Error, bool Cancelled);
}
