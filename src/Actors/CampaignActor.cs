using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>What campaigns on a node have in common.</summary>
/// <param name="Lease">How long a worker may be silent before its work goes to another.</param>
/// <param name="HandIn">After a campaign has moved here, how long its workers have to say what they have in hand before any is given out; from the first that speaks.</param>
/// <param name="Board">Shows how the campaigns on this node stand.</param>
internal sealed record CampaignHosting(TimeProvider Time, TimeSpan Lease, TimeSpan HandIn, CampaignBoard Board)
{
    /// <summary>All in one process: a worker dies with the campaign.</summary>
    public static CampaignHosting InOneProcess(TimeProvider time) => new(time, TimeSpan.MaxValue, TimeSpan.Zero, new CampaignBoard(time));
}

/// <summary>
/// A campaign as a sharded persistent entity around <see cref="CampaignDecisions"/>: it journals what happened, then acts on it.
/// Which work is due follows from the state; who has it in hand is remembered only in memory, as leases.
/// </summary>
internal sealed class CampaignActor : ReceivePersistentActor, IWithTimers
{
    private const int EventsPerSnapshot = 50;

    /// <summary>Orders in one incarnation of a campaign are fewer; so those of a later one have greater numbers.</summary>
    private const int OrderBits = 24;

    /// <summary>So many workers may be lost with a unit in hand before that counts as a failed attempt: nodes come and go, but some work kills.</summary>
    private const int MostLosses = 3;

    private const string PersistenceIdPrefix = "campaign-";

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly string _campaign;
    private readonly CampaignHosting _hosting;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly WorkerPool<IActorRef> _workers;
    private readonly Dictionary<WorkId, int> _losses = [];
    private readonly HashSet<IActorRef> _watchers = [];
    private CampaignState _state = CampaignState.Empty;
    private DateTimeOffset? _givesOutFrom;
    private bool _stopping;

    public CampaignActor(string campaign, CampaignHosting hosting)
    {
        PersistenceId = PersistenceIdOf(campaign);
        _campaign = campaign;
        _hosting = hosting;
        _workers = new WorkerPool<IActorRef>(hosting.Lease);

        Recover<SnapshotOffer>(offer => _state = (CampaignState)offer.Snapshot);
        Recover<CampaignEvent>(Apply);
        Recover<RecoveryCompleted>(_ => Self.Tell(new ResumeCampaign()));

        Command<CampaignCommand>(Decide);
        Command<WorkerReady>(OnWorkerReady);
        Command<WorkInHand>(OnWorkInHand);
        Command<WorkCancelled>(OnWorkCancelled);
        Command<WorkProgress>(OnWorkProgress);
        Command<Look>(_ => OnLook());
        Command<WatchCampaign>(_ => OnWatch());
        Command<StopCampaign>(_ => OnStop());
        Command<Terminated>(OnTerminated);
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(failure => _log.Warning("Snapshot of {0} failed: {1}", PersistenceId, failure.Cause.Message));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failure => _log.Warning("Old snapshots of {0} stay: {1}", PersistenceId, failure.Cause.Message));
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => _hosting.Time.GetUtcNow();

    /// <summary>Under which name a campaign's events are in the journal.</summary>
    internal static string PersistenceIdOf(string campaign) => PersistenceIdPrefix + campaign;

    internal static bool IsPersistenceId(string id) => id.StartsWith(PersistenceIdPrefix, StringComparison.Ordinal);

    public static Props Props(string campaign, CampaignHosting hosting) => Akka.Actor.Props.Create(() => new CampaignActor(campaign, hosting));

    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(nameof(Look), new Look(), LookInterval);
    }

    protected override void PostStop()
    {
        _hosting.Board.Remove(_campaign);
        base.PostStop();
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        // Akka stops the actor after this. What was not journalled did not happen: it is due again after a restart.
        TellCannotJournal(cause);
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        // Akka would go on after this without the event: the same work would be given out, and its result refused, for ever.
        TellCannotJournal(cause);
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self);
    }

    private void Decide(CampaignCommand command)
    {
        if (command is FailWork late && _workers.IsInOtherHands(late.Id, late.Order))
        {
            Follow(command);
            return;
        }
        var decision = CampaignDecisions.Decide(_state, command, Now);
        if (decision.Rejection is { } reason)
        {
            Sender.Tell(new CampaignFailed(reason));
            return;
        }
        if (command is StartCampaign or ContinueCampaign)
        {
            _stopping = false;
        }
        if (decision.Events.Count == 0)
        {
            Follow(command);
            return;
        }
        var left = decision.Events.Count;
        PersistAll(decision.Events, @event =>
        {
            Apply(@event);
            if (--left == 0)
            {
                OnJournalled(decision.Events);
                Follow(command);
            }
        });
    }

    private void Apply(CampaignEvent @event) => _state = CampaignHistory.Apply(_state, @event);

    private void OnJournalled(IReadOnlyList<CampaignEvent> events)
    {
        // Every incarnation journals before it gives out anything, so that its orders have greater numbers than all of those before.
        _workers.NumberFrom(LastSequenceNr << OrderBits);
        if (events.OfType<RoundCompleted>().Any() || LastSequenceNr / EventsPerSnapshot > (LastSequenceNr - events.Count) / EventsPerSnapshot)
        {
            SaveSnapshot(_state);
        }
        _hosting.Board.Show(_campaign, _state);
        TellWatchers(_state);
    }

    /// <summary>Who told what came of work hears that it is settled; who commanded, that it is done.</summary>
    private void Follow(CampaignCommand command)
    {
        switch (command)
        {
            case CompleteWork { Order: var completed, Result.Id: var id }:
                _losses.Remove(id);
                Settle(completed);
                break;
            case FailWork failure:
                _workers.Failed(failure.Id, Sender);
                Settle(failure.Order);
                break;
            case ResumeCampaign:
                _hosting.Board.Show(_campaign, _state);
                break;
            default:
                Sender.Tell(new CampaignAccepted(_state.Status));
                break;
        }
        Dispatch();
    }

    private void Dispatch()
    {
        if (_stopping || Now < _givesOutFrom)
        {
            return;
        }
        foreach (var (worker, order) in _workers.Assign(Round.Due(_state).Select(order => order with { Campaign = _campaign, Bundle = _state.Plan!.Bundle })))
        {
            worker.Tell(order);
        }
    }

    private void Settle(long order)
    {
        Sender.Tell(new WorkSettled(order));
        Release(order);
    }

    private void Release(long order)
    {
        _workers.Release(order);
        TellIfStopped();
    }

    private void OnWorkerReady(WorkerReady ready)
    {
        Meet();
        if (_workers.Ready(Sender, ready.Role, Now) is { } lost)
        {
            Sender.Tell(lost);
        }
        Dispatch();
    }

    private void OnWorkInHand(WorkInHand work)
    {
        Meet();
        _workers.Busy(Sender, work.Role, work.Id, work.Order, Now);
        if (!Round.Due(_state).Any(order => order.Id == work.Id))
        {
            // Somebody else did it meanwhile, or it is not wanted any more.
            Sender.Tell(new CancelWork(work.Order));
        }
    }

    private void Meet()
    {
        Context.Watch(Sender);
        _givesOutFrom ??= Now + _hosting.HandIn;
    }

    private void OnWorkCancelled(WorkCancelled cancelled)
    {
        // It says that it is ready when it is.
        _workers.Remove(Sender);
        Release(cancelled.Order);
        Dispatch();
    }

    private void OnWorkProgress(WorkProgress progress)
    {
        _workers.Heard(Sender, Now);
        _hosting.Board.Show(_campaign, progress);
        TellWatchers(progress);
    }

    private void OnLook()
    {
        foreach (var worker in _workers.Silent(Now))
        {
            Lose(worker, "was not heard of any more");
        }
        _hosting.Board.Show(_campaign, [.. Round.Due(_state).Select(order => order.Role).Distinct().Except(_workers.Roles)]);
        Dispatch();
    }

    private void OnTerminated(Terminated terminated)
    {
        _watchers.Remove(terminated.ActorRef);
        Lose(terminated.ActorRef, "stopped");
    }

    /// <summary>A worker that is gone did not fail: its work is due again, unless it is the work that takes down one after the other.</summary>
    private void Lose(IActorRef worker, string how)
    {
        if (_workers.Remove(worker) is not var (id, number))
        {
            return;
        }
        if (!_stopping && (_losses[id] = _losses.GetValueOrDefault(id) + 1) >= MostLosses)
        {
            _losses.Remove(id);
            Decide(new FailWork(id, $"{MostLosses} workers were lost with it in hand, the last one, {worker.Path}, {how}", FailureKind.Transient, Order: number));
        }
        TellIfStopped();
        Dispatch();
    }

    private void OnWatch()
    {
        Context.Watch(Sender);
        _watchers.Add(Sender);
        Sender.Tell(_state);
    }

    private void OnStop()
    {
        _stopping = true;
        foreach (var (worker, _, number) in _workers.InHand)
        {
            worker.Tell(new CancelWork(number));
        }
        TellIfStopped();
    }

    private void TellIfStopped()
    {
        if (_stopping && !_workers.InHand.Any())
        {
            TellWatchers(new CampaignStopped());
        }
    }

    private void TellCannotJournal(Exception cause) => TellWatchers(
        new CampaignFailed($"The campaign cannot be journalled: {CampaignDatabase.CauseOf(cause)}"));

    private void OnSnapshotSaved(SaveSnapshotSuccess saved) =>
        DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));

    private void TellWatchers(object message)
    {
        foreach (var watcher in _watchers)
        {
            watcher.Tell(message);
        }
    }

    private sealed record Look;
}
