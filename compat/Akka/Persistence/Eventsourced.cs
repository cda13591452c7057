using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>
/// An actor whose state is its events: they are written before they count, and replayed when it starts. While a write
/// is under way, commands wait; the handlers of the events run in their order, then the commands go on in theirs.
/// </summary>
public abstract partial class Eventsourced : ActorBase, IWithUnboundedStash
{
    private static int s_lastInstance;

    private readonly int _instance = Interlocked.Increment(ref s_lastInstance);
    private readonly string _writerGuid = Guid.NewGuid().ToString();
    private readonly Queue<(Action<object> Handler, bool HoldsCommands)> _pending = new();
    private readonly Stash _held = new(ActorCell.Current);
    private readonly PersistenceExtension _extension = new Persistence().Apply(Context.System);
    private readonly List<IPersistentEnvelope> _newEvents = [];
    private List<IPersistentEnvelope> _batch = [];
    private WaitingStash _stash;
    private IActorRef _journal;
    private IActorRef _snapshotStore;
    private long _sequenceNr;
    private int _pendingThatHold;
    private bool _writing;
    private bool _handlerRunning;

    private protected Eventsourced() => Log = Context.GetLogger();

    /// <summary>Names this actor's events in the journal; no two actors may share it at a time.</summary>
    public abstract string PersistenceId { get; }

    /// <summary>The number of the last event that was written or replayed.</summary>
    public long LastSequenceNr { get; private set; }

    public IStash Stash
    {
        get => _stash;
        set => _stash = new WaitingStash((Stash)value, _held);
    }

    /// <summary>Path of the journal's settings; null for the default journal.</summary>
    private protected string JournalPluginId { get; init; }

    /// <summary>Whether a snapshot may stand for the events before it.</summary>
    private protected virtual bool UsesSnapshots => true;

    private ILoggingAdapter Log { get; }

    private bool IsRecovering => _phase is Phase.LoadingSnapshot or Phase.Replaying;

    /// <summary>Writes an event, then runs <paramref name="handler"/>; commands wait until it has run.</summary>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler)
    {
        Enqueue(handler, holdsCommands: true);
        _newEvents.Add(new AtomicWrite(Represent(@event)));
    }

    /// <summary>Writes all events or none, then runs <paramref name="handler"/> for each.</summary>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
    {
        EnsureNotRecovering();
        var write = ImmutableList.CreateBuilder<IPersistentRepresentation>();
        foreach (var @event in events)
        {
            Enqueue(handler, holdsCommands: true);
            write.Add(Represent(@event));
        }

        if (write.Count > 0) _newEvents.Add(new AtomicWrite(write.ToImmutable()));
    }

    /// <summary>As <see cref="Persist"/>, but commands go on while it is written.</summary>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler)
    {
        Enqueue(handler, holdsCommands: false);
        _newEvents.Add(new AtomicWrite(Represent(@event)));
    }

    /// <summary>Runs <paramref name="handler"/> after the handlers of all events given so far; nothing is written for it.</summary>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        EnsureNotRecovering();
        if (_pending.Count == 0)
        {
            handler(evt);
            return;
        }

        Enqueue(handler, holdsCommands: false);
        _newEvents.Add(new Deferred(evt, Sender));
    }

    /// <summary>Deletes events up to and with a sequence number; the answer comes as a command.</summary>
    public void DeleteMessages(long toSequenceNr)
    {
        if (toSequenceNr != long.MaxValue && toSequenceNr > LastSequenceNr)
        {
            Self.Tell(new DeleteMessagesFailure(
                new InvalidOperationException($"toSequenceNr [{toSequenceNr}] must be less than or equal to LastSequenceNr [{LastSequenceNr}]"), toSequenceNr));
            return;
        }

        _journal.Tell(new DeleteMessagesTo(PersistenceId, Math.Min(toSequenceNr, LastSequenceNr), Self));
    }

    /// <summary>Saves the state as of <see cref="LastSequenceNr"/>; the answer comes as a command.</summary>
    public void SaveSnapshot(object snapshot) =>
        _snapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(PersistenceId, LastSequenceNr, DateTime.UtcNow), snapshot));

    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) => _snapshotStore.Tell(new DeleteSnapshots(PersistenceId, criteria));

    private protected abstract bool ReceiveRecover(object message);

    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>Called before the actor is stopped because it could not be recovered.</summary>
    protected virtual void OnRecoveryFailure(Exception reason, object message = null) =>
        Log.Error(reason, "Persistence failure when replaying events for persistenceId [{0}]. Last known sequence number [{1}]", PersistenceId, LastSequenceNr);

    /// <summary>Called before the actor is stopped because it is not known whether the event was written.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Failed to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}].", @event.GetType(), sequenceNr, PersistenceId);

    /// <summary>Called when the journal would not write the event; the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Rejected to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}] due to [{3}].", @event.GetType(), sequenceNr, PersistenceId, cause.Message);

    protected override void Unhandled(object message)
    {
        if (message is not RecoveryCompleted) base.Unhandled(message);
    }

    /// <summary>Runs an asynchronous command handler; what it persists is written when it has ended.</summary>
    private protected void RunHandler(Func<Task> handler)
    {
        ActorCell.Current.RunHandler(() =>
        {
            var task = handler();
            return task.IsCompleted ? task : EndLater(task);
        });
    }

    private async Task EndLater(Task handler)
    {
        var failed = true;
        _handlerRunning = true;
        try
        {
            await handler;
            failed = false;
        }
        finally
        {
            _handlerRunning = false;
            EndCommand(failed);
        }
    }

    private void Enqueue<TEvent>(Action<TEvent> handler, bool holdsCommands)
    {
        EnsureNotRecovering();
        _pending.Enqueue((payload => handler((TEvent)payload), holdsCommands));
        if (holdsCommands) _pendingThatHold++;
    }

    private void EnsureNotRecovering()
    {
        if (IsRecovering) throw new InvalidOperationException("Cannot persist during replay. Events can be persisted when receiving RecoveryCompleted or later.");
    }

    private Persistent Represent(object payload) =>
        new(payload, ++_sequenceNr, PersistenceId, sender: Sender, writerGuid: _writerGuid);

    /// <summary>The actor's own stash: what it gives back waits behind a write like any other command.</summary>
    private sealed class WaitingStash(Stash stash, Stash held) : IStash
    {
        void IStash.Stash() => ((IStash)stash).Stash();

        public void UnstashAll() => held.Prepend(stash.Clear());

        /// <summary>Gives everything back to the mailbox: the actor ends or is replaced.</summary>
        internal void Empty()
        {
            held.UnstashAll();
            stash.UnstashAll();
        }
    }
}
