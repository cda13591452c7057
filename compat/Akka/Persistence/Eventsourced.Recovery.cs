using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Recovery: the newest snapshot, then the events after it. Commands wait; any failure stops the actor.</summary>
public abstract partial class Eventsourced
{
    private ICancelable _recoveryTicks;
    private bool _progressSinceTick;

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
}
