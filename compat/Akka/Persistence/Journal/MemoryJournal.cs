using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>Keeps events for as long as the actor system lives. Every call is on the journal actor's thread and ends at once.</summary>
internal sealed class MemoryJournal : AsyncWriteJournal
{
    private readonly Dictionary<string, List<IPersistentRepresentation>> _events = [];
    private readonly Dictionary<string, long> _highest = [];

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        if (_events.TryGetValue(persistenceId, out var events))
        {
            var matching = events.Where(e => e.SequenceNr >= fromSequenceNr && e.SequenceNr <= toSequenceNr);
            foreach (var persistent in matching.Take((int)Math.Min(max, int.MaxValue))) recoveryCallback(persistent);
        }

        return Task.CompletedTask;
    }

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr) =>
        Task.FromResult(_highest.GetValueOrDefault(persistenceId));

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        foreach (var write in messages)
        {
            if (!_events.TryGetValue(write.PersistenceId, out var events)) _events[write.PersistenceId] = events = [];
            events.AddRange((IImmutableList<IPersistentRepresentation>)write.Payload);
            _highest[write.PersistenceId] = write.HighestSequenceNr;
        }

        return Task.FromResult<IImmutableList<Exception>>(null);
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr)
    {
        if (_events.TryGetValue(persistenceId, out var events)) events.RemoveAll(e => e.SequenceNr <= toSequenceNr);
        return Task.CompletedTask;
    }
}
