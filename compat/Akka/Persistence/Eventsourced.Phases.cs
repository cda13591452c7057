using Akka.Actor;

namespace Akka.Persistence;

/// <summary>What a persistent actor does with a message: it depends on whether it recovers, waits for a write, or is free.</summary>
public abstract partial class Eventsourced
{
    private Phase _phase;
    private ICancelable _recoveryTicks;
    private bool _progressSinceTick;

    private enum Phase
    {
        LoadingSnapshot,
        Replaying,
        Processing,
        Persisting,
    }

    internal override void AroundPreStart()
    {
        StartRecovery();
        base.AroundPreStart();
    }

    internal override void AroundPostRestart(Exception cause)
    {
        StartRecovery();
        base.AroundPostRestart(cause);
    }

    internal override void AroundPreRestart(Exception cause, object message)
    {
        _recoveryTicks.Cancel();
        _stash.Empty();
        FlushBatch();
        base.AroundPreRestart(cause, message is WriteMessageSuccess written ? written.Persistent : message);
    }

    internal override void AroundPostStop()
    {
        _recoveryTicks.Cancel();
        _stash.Empty();
        base.AroundPostStop();
    }

    protected internal sealed override bool AroundReceive(Receive receive, object message)
    {
        switch (_phase)
        {
            case Phase.LoadingSnapshot:
                LoadSnapshot(message);
                break;
            case Phase.Replaying:
                Replay(message);
                break;
            default:
                Process(receive, message);
                break;
        }

        return true;
    }

    private void StartRecovery()
    {
        if (PersistenceId is null) throw new ArgumentNullException(nameof(PersistenceId), $"PersistenceId is [null] for PersistentActor [{Self.Path}]");
        _journal = _extension.JournalFor(JournalPluginId);
        _snapshotStore = _extension.SnapshotStore();
        _phase = Phase.LoadingSnapshot;
        var timeout = _extension.RecoveryEventTimeoutFor(JournalPluginId);
        _recoveryTicks = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(timeout, timeout, Self, new RecoveryTick(_instance), Self);
        _snapshotStore.Tell(new LoadSnapshot(PersistenceId, UsesSnapshots ? SnapshotSelectionCriteria.Latest : SnapshotSelectionCriteria.None));
    }

    private void LoadSnapshot(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult { Snapshot: null }:
                StartReplay();
                break;
            case LoadSnapshotResult result:
                LastSequenceNr = result.Snapshot.Metadata.SequenceNr;
                if (TryRecover(new SnapshotOffer(result.Snapshot.Metadata, result.Snapshot.Snapshot))) StartReplay();
                break;
            case LoadSnapshotFailed failed:
                FailRecovery(failed.Cause);
                break;
            default:
                HandleTickOrHold(message);
                break;
        }
    }

    private void StartReplay()
    {
        _phase = Phase.Replaying;
        _progressSinceTick = true;
        _journal.Tell(new ReplayMessages(LastSequenceNr + 1, PersistenceId, Self));
    }

    private void Replay(object message)
    {
        switch (message)
        {
            case ReplayedMessage replayed:
                _progressSinceTick = true;
                LastSequenceNr = Math.Max(LastSequenceNr, replayed.Persistent.SequenceNr);
                TryRecover(replayed.Persistent.Payload);
                break;
            case RecoverySuccess success:
                EndRecovery(success.HighestSequenceNr);
                break;
            case ReplayMessagesFailure failure:
                FailRecovery(failure.Cause);
                break;
            default:
                HandleTickOrHold(message);
                break;
        }
    }

    private void EndRecovery(long highestSequenceNr)
    {
        _recoveryTicks.Cancel();
        OnReplaySuccess();
        LastSequenceNr = _sequenceNr = Math.Max(highestSequenceNr, LastSequenceNr);
        _phase = Phase.Processing;
        try
        {
            base.AroundReceive(ReceiveRecover, RecoveryCompleted.Instance);
        }
        finally
        {
            FlushNewEvents();
            if (_pendingThatHold > 0) _phase = Phase.Persisting;
            else _held.UnstashAll();
        }
    }

    private bool TryRecover(object message)
    {
        try
        {
            base.AroundReceive(ReceiveRecover, message);
            return true;
        }
        catch (Exception cause)
        {
            FailRecovery(cause, message);
            return false;
        }
    }

    private void FailRecovery(Exception cause, object message = null)
    {
        _recoveryTicks.Cancel();
        try
        {
            OnRecoveryFailure(cause, message);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void HandleTickOrHold(object message)
    {
        if (message is not RecoveryTick tick)
        {
            // What is addressed to an earlier incarnation is of no use to this one.
            if (message is not JournalMessage) ((IStash)_held).Stash();
        }
        else if (tick.Instance == _instance)
        {
            if (!_progressSinceTick) FailRecovery(new RecoveryTimedOutException($"Recovery timed out, highest sequence number seen {LastSequenceNr}."));
            _progressSinceTick = false;
        }
    }

    private void Process(Receive receive, object message)
    {
        if (message is JournalMessage answer)
        {
            HandleAnswer(answer);
        }
        else if (_phase == Phase.Persisting)
        {
            ((IStash)_held).Stash();
        }
        else
        {
            var failed = true;
            try
            {
                base.AroundReceive(receive, message);
                failed = false;
            }
            finally
            {
                EndCommand(failed);
            }
        }
    }

    /// <summary>Sends what the command persisted, or lets the next held command go.</summary>
    private void EndCommand(bool failed)
    {
        FlushNewEvents();
        if (_handlerRunning) return;
        if (_pendingThatHold > 0) _phase = Phase.Persisting;
        else Release(all: failed);
    }

    private void HandleAnswer(JournalMessage answer)
    {
        switch (answer)
        {
            case BatchWritten batch when batch.Instance == _instance:
                _writing = false;
                FlushBatch();
                break;
            case WriteMessageSuccess written when written.Instance == _instance:
                LastSequenceNr = Math.Max(LastSequenceNr, written.Persistent.SequenceNr);
                Apply(written.Persistent.Payload);
                break;
            case LoopMessageSuccess loop when loop.Instance == _instance:
                Apply(loop.Message);
                break;
            case WriteMessageRejected rejected when rejected.Instance == _instance:
                LastSequenceNr = Math.Max(LastSequenceNr, rejected.Persistent.SequenceNr);
                EndEvent(failed: false);
                OnPersistRejected(rejected.Cause, rejected.Persistent.Payload, rejected.Persistent.SequenceNr);
                break;
            case WriteMessageFailure failure when failure.Instance == _instance:
                FailPersist(failure);
                break;
        }
    }

    private void Apply(object payload)
    {
        var failed = true;
        try
        {
            _pending.Peek().Handler(payload);
            failed = false;
        }
        finally
        {
            FlushNewEvents();
            EndEvent(failed);
        }
    }

    private void EndEvent(bool failed)
    {
        if (_pending.Dequeue().HoldsCommands) _pendingThatHold--;
        // A handler may have persisted more, which keeps the commands waiting.
        _phase = _pendingThatHold > 0 ? Phase.Persisting : Phase.Processing;
        if (_phase == Phase.Processing) Release(all: failed);
    }

    private void FailPersist(WriteMessageFailure failure)
    {
        EndEvent(failed: false);
        try
        {
            OnPersistFailure(failure.Cause, failure.Persistent.Payload, failure.Persistent.SequenceNr);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void Release(bool all)
    {
        if (all) _held.UnstashAll();
        else _held.Unstash();
    }

    private void FlushNewEvents()
    {
        _batch.AddRange(_newEvents);
        _newEvents.Clear();
        FlushBatch();
    }

    private void FlushBatch()
    {
        if (_writing || _batch.Count == 0) return;
        _journal.Tell(new WriteMessages(_batch, Self, _instance));
        _batch = [];
        _writing = true;
    }
}
