using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace IterativeDpo.Engines.Tests.Akka.Persistence;

/// <summary>A journal that outlives its actor system: actor systems that give it the same name share it. Events are kept as bytes.</summary>
public sealed class SharedMemoryJournal(Config config) : AsyncWriteJournal
{
    private static readonly ConcurrentDictionary<string, List<Stored>> Journals = new();

    private readonly List<Stored> _events = Journals.GetOrAdd(config.GetString("name"), _ => []);
    private readonly AkkaSerialization _serialization = Context.System.Serialization;

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        lock (_events)
        {
            foreach (var stored in _events.Where(e => e.Id == persistenceId && e.SequenceNr >= fromSequenceNr && e.SequenceNr <= toSequenceNr))
            {
                var payload = _serialization.Deserialize(stored.Bytes, stored.SerializerId, stored.Manifest);
                recoveryCallback(new Persistent(payload, stored.SequenceNr, persistenceId, stored.EventManifest));
            }
        }

        return Task.CompletedTask;
    }

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        lock (_events) return Task.FromResult(_events.Where(e => e.Id == persistenceId).Select(e => e.SequenceNr).DefaultIfEmpty().Max());
    }

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        lock (_events)
        {
            foreach (var persistent in messages.SelectMany(write => (IImmutableList<IPersistentRepresentation>)write.Payload))
            {
                var serializer = _serialization.FindSerializerFor(persistent.Payload);
                _events.Add(new Stored(
                    persistent.PersistenceId,
                    persistent.SequenceNr,
                    serializer.ToBinary(persistent.Payload),
                    serializer.Identifier,
                    AkkaSerialization.ManifestFor(serializer, persistent.Payload),
                    persistent.Manifest));
            }
        }

        return Task.FromResult<IImmutableList<Exception>>(null!);
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr)
    {
        lock (_events) _events.RemoveAll(e => e.Id == persistenceId && e.SequenceNr <= toSequenceNr);
        return Task.CompletedTask;
    }

    private sealed record Stored(string Id, long SequenceNr, byte[] Bytes, int SerializerId, string Manifest, string EventManifest);
}
