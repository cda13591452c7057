using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>Base of journals: it speaks with the persistent actors, its heirs with a storage.</summary>
public abstract class AsyncWriteJournal : ActorBase
{
    /// <summary>Gives the events of an id within both bounds, at most <paramref name="max"/>, in order.</summary>
    public abstract Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback);

    /// <summary>The highest number ever written for an id, deleted events included; 0 if there is none.</summary>
    /// <param name="fromSequenceNr">A hint: the highest number is not below it.</param>
    public abstract Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);

    /// <summary>Writes a batch. A failed task means that nothing is known of any of it, and stops the actors.</summary>
    /// <returns>One entry per write: null if it was written, the reason if it was rejected; or null if all were written.</returns>
    protected abstract Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages);

    protected abstract Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr);

    protected virtual bool ReceivePluginInternal(object message) => false;

    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case WriteMessages write:
                _ = Write(write, Self);
                return true;
            case ReplayMessages replay:
                _ = Replay(replay, Context);
                return true;
            case DeleteMessagesTo delete:
                _ = Delete(delete, Self);
                return true;
            default:
                return ReceivePluginInternal(message);
        }
    }

    private async Task Write(WriteMessages write, IActorRef self)
    {
        Func<IPersistentRepresentation, Exception, object> outcome;
        IImmutableList<Exception> rejections = null;
        try
        {
            var writes = write.Messages.OfType<AtomicWrite>().ToList();
            rejections = writes.Count > 0 ? await WriteMessagesAsync(writes).ConfigureAwait(false) : null;
            if (rejections is not null && rejections.Count != writes.Count)
                throw new InvalidOperationException($"WriteMessagesAsync returned {rejections.Count} results for {writes.Count} writes.");
            outcome = (persistent, rejection) => rejection is null
                ? new WriteMessageSuccess(persistent, write.Instance)
                : new WriteMessageRejected(persistent, rejection, write.Instance);
        }
        catch (Exception cause)
        {
            outcome = (persistent, _) => new WriteMessageFailure(persistent, cause, write.Instance);
        }

        write.PersistentActor.Tell(new BatchWritten(write.Instance), self);
        Answer(write, rejections, outcome);
    }

    /// <summary>One message per event, in order, each with the sender of the command it came from.</summary>
    private static void Answer(WriteMessages write, IImmutableList<Exception> rejections, Func<IPersistentRepresentation, Exception, object> outcome)
    {
        var index = 0;
        foreach (var message in write.Messages)
        {
            if (message is not AtomicWrite atomic)
            {
                write.PersistentActor.Tell(new LoopMessageSuccess(message.Payload, write.Instance), message.Sender);
                continue;
            }

            var rejection = rejections?[index++];
            foreach (var persistent in (IImmutableList<IPersistentRepresentation>)atomic.Payload)
                write.PersistentActor.Tell(outcome(persistent, rejection), persistent.Sender);
        }
    }

    private async Task Replay(ReplayMessages replay, IActorContext context)
    {
        var actor = replay.PersistentActor;
        try
        {
            var highest = await ReadHighestSequenceNrAsync(replay.PersistenceId, Math.Max(0, replay.FromSequenceNr - 1)).ConfigureAwait(false);
            if (replay.FromSequenceNr <= highest)
            {
                await ReplayMessagesAsync(context, replay.PersistenceId, replay.FromSequenceNr, highest, long.MaxValue, persistent =>
                {
                    if (!persistent.IsDeleted) actor.Tell(new ReplayedMessage(persistent), ActorRefs.NoSender);
                }).ConfigureAwait(false);
            }

            actor.Tell(new RecoverySuccess(highest), ActorRefs.NoSender);
        }
        catch (Exception cause)
        {
            actor.Tell(new ReplayMessagesFailure(cause), ActorRefs.NoSender);
        }
    }

    private async Task Delete(DeleteMessagesTo delete, IActorRef self)
    {
        try
        {
            await DeleteMessagesToAsync(delete.PersistenceId, delete.ToSequenceNr).ConfigureAwait(false);
            delete.PersistentActor.Tell(new DeleteMessagesSuccess(delete.ToSequenceNr), self);
        }
        catch (Exception cause)
        {
            delete.PersistentActor.Tell(new DeleteMessagesFailure(cause, delete.ToSequenceNr), self);
        }
    }
}
