using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>What campaigns on a node have in common.</summary>
/// <param name="Lease">How long a worker may be silent before its work goes to another.</param>
/// <param name="HandIn">After a campaign has moved here, how long its workers have to say what they have in hand before any is given out;
/// from the first that speaks.</param>
/// <param name="Board">Shows how the campaigns on this node stand.</param>
internal sealed record CampaignHosting(TimeProvider Time, TimeSpan Lease, TimeSpan HandIn, CampaignBoard Board)
{
    /// <summary>All in one process: a worker dies with the campaign.</summary>
    public static CampaignHosting InOneProcess(TimeProvider time, CampaignBoard? board = null) =>
        new(time, TimeSpan.MaxValue, TimeSpan.Zero, board ?? new CampaignBoard(time));
}

/// <summary>
/// A campaign as a sharded persistent entity: the journal, the timer and the messages of a <see cref="CampaignDesk{TWorker}"/>, which
/// decides.
/// </summary>
internal sealed class CampaignActor : ReceivePersistentActor, IWithTimers, IDeskSurroundings<IActorRef>
{
    private const int FewestEvents = 50;

    /// <summary>
    /// A snapshot has every round in it, and is due when there are so many times the events of the last one: an event costs as much in
    /// round 1,000 as in round 1, and less than half of them are read again after a restart.
    /// </summary>
    private const double Growth = 1.6;

    private const string PersistenceIdPrefix = "campaign-";

    private readonly string _campaign;
    private readonly CampaignBoard _board;
    private readonly CampaignDesk<IActorRef> _desk;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<IActorRef> _watchers = [];
    private long _snapshotFrom = FewestEvents;

    public CampaignActor(string campaign, CampaignHosting hosting)
    {
        PersistenceId = PersistenceIdOf(campaign);
        _campaign = campaign;
        _board = hosting.Board;
        _desk = new CampaignDesk<IActorRef>(campaign, hosting.Time, hosting.Lease, hosting.HandIn, this);

        Recover<SnapshotOffer>(offer =>
        {
            _snapshotFrom = NextAfter(offer.Metadata.SequenceNr);
            _desk.Restore((CampaignState)offer.Snapshot, offer.Metadata.SequenceNr);
        });
        Recover<CampaignEvent>(@event => _desk.Apply(@event, LastSequenceNr));
        Recover<RecoveryCompleted>(_ => OnRecovered());

        Command<WatchCampaign>(_ => OnWatch());
        Command<WorkProgress>(OnWorkProgress);
        Command<ICampaignMessage>(message => _desk.Hear(Sender, message));
        Command<Look>(_ => OnLook());
        Command<Terminated>(OnTerminated);
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(OnSnapshotFailed);
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failure => _log.Warning("Old snapshots of {0} stay: {1}", PersistenceId, failure.Cause.Message));
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Under which name a campaign's events are in the journal.</summary>
    internal static string PersistenceIdOf(string campaign) => PersistenceIdPrefix + campaign;

    /// <returns>Null where the id is no campaign's.</returns>
    internal static string? CampaignOf(string id) => IsPersistenceId(id) ? id[PersistenceIdPrefix.Length..] : null;

    internal static bool IsPersistenceId(string id) => id.StartsWith(PersistenceIdPrefix, StringComparison.Ordinal);

    public static Props Props(string campaign, CampaignHosting hosting) =>
        Akka.Actor.Props.Create(() => new CampaignActor(campaign, hosting));

    void IDeskSurroundings<IActorRef>.Tell(IActorRef to, ICampaignMessage message) => to.Tell(message);

    void IDeskSurroundings<IActorRef>.TellWatchers(ICampaignMessage message) => TellWatchers(message);

    void IDeskSurroundings<IActorRef>.Watch(IActorRef worker) => Context.Watch(worker);

    void IDeskSurroundings<IActorRef>.Stop() => Context.Stop(Self);

    void IDeskSurroundings<IActorRef>.Journal(IReadOnlyList<CampaignEvent> events, Action then)
    {
        var left = events.Count;
        PersistAll(events, @event =>
        {
            _desk.Apply(@event, LastSequenceNr);
            if (--left == 0)
            {
                OnJournalled(events);
                then();
            }
        });
    }

    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(nameof(Look), new Look(), CampaignDesk<IActorRef>.LookInterval);
    }

    protected override void PostStop()
    {
        _board.Remove(_campaign);
        _desk.End();
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

    private void OnRecovered()
    {
        _board.Show(_campaign, _desk.State);
        // Before whatever came meanwhile: that is of this incarnation's time.
        _desk.Hear(Self, new ResumeCampaign());
    }

    private void OnJournalled(IReadOnlyList<CampaignEvent> events)
    {
        if (LastSequenceNr >= _snapshotFrom || events.OfType<CampaignCompleted>().Any())
        {
            _snapshotFrom = NextAfter(LastSequenceNr);
            SaveSnapshot(_desk.State);
        }
        _board.Show(_campaign, _desk.State);
        TellWatchers(_desk.State);
    }

    private void OnWorkProgress(WorkProgress progress)
    {
        _desk.Hear(Sender, progress);
        _board.Show(_campaign, progress);
        TellWatchers(progress);
    }

    private void OnLook()
    {
        _desk.Look();
        _board.Show(_campaign, [.. _desk.Wanting]);
    }

    private void OnTerminated(Terminated terminated)
    {
        _watchers.Remove(terminated.ActorRef);
        _desk.Lose(terminated.ActorRef, "stopped");
    }

    private void OnWatch()
    {
        Context.Watch(Sender);
        _watchers.Add(Sender);
        Sender.Tell(_desk.State);
    }

    private void TellCannotJournal(Exception cause) => TellWatchers(
        new CampaignFailed($"The campaign cannot be journalled: {CampaignDatabase.CauseOf(cause)}"));

    private void OnSnapshotSaved(SaveSnapshotSuccess saved) =>
        DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));

    private void OnSnapshotFailed(SaveSnapshotFailure failure)
    {
        _snapshotFrom = LastSequenceNr + FewestEvents;
        _log.Warning("Snapshot of {0} failed, and is tried again: {1}", PersistenceId, failure.Cause.Message);
    }

    private static long NextAfter(long sequence) => Math.Max(sequence + FewestEvents, (long)(Growth * sequence));

    private void TellWatchers(ICampaignMessage message)
    {
        foreach (var watcher in _watchers)
        {
            watcher.Tell(message);
        }
    }

    private sealed record Look;
}
