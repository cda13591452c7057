using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace IterativeDpo.Actors.Persistence;

/// <summary>
/// Akka.Persistence's journal in a campaign's database. A write is acknowledged when it is on the disk; one that fails leaves
/// nothing behind.
/// </summary>
public sealed class SqliteJournal : AsyncWriteJournal
{
    private readonly SharedDatabase _shared;
    private readonly EventTable _events;
    private readonly PayloadCodec _codec;

    /// <param name="config">The plug-in's own section; <c>path</c> is the database file.</param>
    public SqliteJournal(Config config)
    {
        _shared = SharedDatabase.Join(config.GetString("path"));
        _events = new EventTable(_shared.Database);
        _codec = new PayloadCodec(Context.System.Serialization);
    }

    public override Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback) => _shared.Database.RunAsync(() =>
        {
            foreach (var stored in _events.Read(persistenceId, fromSequenceNr, toSequenceNr, max))
            {
                recoveryCallback(new Persistent(_codec.Read(stored.Payload), stored.SequenceNr, persistenceId));
            }
        });

    public override Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        _shared.Database.RunAsync(() => _events.HighestSequenceNr(persistenceId));

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        StoredEvent[] events =
        [
            .. messages
                .SelectMany(write => (IImmutableList<IPersistentRepresentation>)write.Payload)
                .Select(item => new StoredEvent(item.PersistenceId, item.SequenceNr, _codec.Write(item.Payload))),
        ];
        await _shared.Database.RunAsync(() => _events.Append(events));
        return null!; // None was rejected.
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) =>
        _shared.Database.RunAsync(() => _events.DeleteTo(persistenceId, toSequenceNr));

    protected override void PostStop()
    {
        _shared.Dispose();
        base.PostStop();
    }
}
