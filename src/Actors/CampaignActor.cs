using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// A campaign as a sharded persistent entity around <see cref="CampaignDecisions"/>: it journals what happened, then acts on it.
/// Which work is due follows from the state; who has it in hand is remembered only in memory.
/// </summary>
public sealed class CampaignActor : ReceivePersistentActor
{
    private const int EventsPerSnapshot = 50;
    private const string PersistenceIdPrefix = "campaign-";

    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly WorkerPool _workers;
    private readonly HashSet<IActorRef> _watchers = [];
    private CampaignState _state = CampaignState.Empty;
    private bool _stopping;

    public CampaignActor(string campaign, TimeProvider time)
    {
        PersistenceId = PersistenceIdOf(campaign);
        _time = time;
        // No number of an order comes twice, also after a restart: a worker may still be at one from before.
        _workers = new WorkerPool(time.GetUtcNow().UtcTicks);

        Recover<SnapshotOffer>(offer => _state = (CampaignState)offer.Snapshot);
        Recover<CampaignEvent>(Apply);
        Recover<RecoveryCompleted>(_ => Self.Tell(new ResumeCampaign()));

        Command<CampaignCommand>(Decide);
        Command<WorkerReady>(OnWorkerReady);
        Command<WorkCancelled>(OnWorkCancelled);
        Command<WorkProgress>(TellWatchers);
        Command<WatchCampaign>(_ => OnWatch());
        Command<StopCampaign>(_ => OnStop());
        Command<Terminated>(OnTerminated);
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(failure => _log.Warning("Snapshot of {0} failed: {1}", PersistenceId, failure.Cause.Message));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failure => _log.Warning("Old snapshots of {0} stay: {1}", PersistenceId, failure.Cause.Message));
    }

    public override string PersistenceId { get; }

    /// <summary>Under which name a campaign's events are in the journal.</summary>
    internal static string PersistenceIdOf(string campaign) => PersistenceIdPrefix + campaign;

    internal static bool IsPersistenceId(string id) => id.StartsWith(PersistenceIdPrefix, StringComparison.Ordinal);

    public static Props Props(string campaign, TimeProvider time) => Akka.Actor.Props.Create(() => new CampaignActor(campaign, time));

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
            return;
        }
        var decision = CampaignDecisions.Decide(_state, command, _time.GetUtcNow());
        if (decision.Rejection is { } reason)
        {
            Sender.Tell(new CampaignFailed(reason));
        }
        else if (command is StartCampaign)
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
        if (events.OfType<RoundCompleted>().Any() || LastSequenceNr / EventsPerSnapshot > (LastSequenceNr - events.Count) / EventsPerSnapshot)
        {
            SaveSnapshot(_state);
        }
        TellWatchers(_state);
    }

    private void Follow(CampaignCommand command)
    {
        if (command is CompleteWork { Order: var completed })
        {
            Release(completed);
        }
        else if (command is FailWork failure)
        {
            _workers.Failed(failure.Id, Sender);
            Release(failure.Order);
        }
        Dispatch();
    }

    private void Dispatch()
    {
        if (_stopping)
        {
            return;
        }
        foreach (var (worker, order) in _workers.Assign(Round.Due(_state)))
        {
            worker.Tell(order);
        }
    }

    private void Release(long order)
    {
        _workers.Release(order);
        TellIfStopped();
    }

    private void OnWorkerReady(WorkerReady ready)
    {
        Context.Watch(Sender);
        if (_workers.Register(Sender, ready.Role) is { } lost)
        {
            Sender.Tell(lost);
        }
        Dispatch();
    }

    private void OnWorkCancelled(WorkCancelled cancelled)
    {
        Release(cancelled.Order);
        Dispatch();
    }

    private void OnTerminated(Terminated terminated)
    {
        _watchers.Remove(terminated.ActorRef);
        if (_workers.Remove(terminated.ActorRef) is not { } lost)
        {
            return;
        }
        // A worker that ends with the whole node did not fail: its work is due again when the campaign goes on.
        if (!_stopping)
        {
            Decide(new FailWork(lost.Id, $"the worker {terminated.ActorRef.Path.Name} stopped", FailureKind.Transient, Order: lost.Number));
        }
        TellIfStopped();
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
        foreach (var worker in _workers.Busy)
        {
            worker.Tell(new CancelWork());
        }
        TellIfStopped();
    }

    private void TellIfStopped()
    {
        if (_stopping && _workers.Busy.Count == 0)
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
}
