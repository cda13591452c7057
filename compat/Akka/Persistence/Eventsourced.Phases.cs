using Akka.Actor;

namespace Akka.Persistence;

/// <summary>What a persistent actor does with a message: it depends on whether it recovers, waits for a write, or is free.</summary>
public abstract partial class Eventsourced
{
    private Phase _phase;

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
        _recoveryTicks?.Cancel();
        _stash.Empty();
        FlushBatch();
        base.AroundPreRestart(cause, message is WriteMessageSuccess written ? written.Persistent : message);
    }

    internal override void AroundPostStop()
    {
        _recoveryTicks?.Cancel();
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
