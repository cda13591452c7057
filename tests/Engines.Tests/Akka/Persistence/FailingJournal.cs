using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace IterativeDpo.Engines.Tests.Akka.Persistence;

/// <summary>Writes nothing: it rejects events that say so, and fails on others that say so.</summary>
public sealed class FailingJournal : AsyncWriteJournal
{
    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        Task.CompletedTask;

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr) => persistenceId == "unreadable"
        ? Task.FromException<long>(new IOException("cannot be read"))
        : Task.FromResult(0L);

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var results = ImmutableList.CreateBuilder<Exception>();
        foreach (var write in messages)
        {
            var payload = (string)((IImmutableList<IPersistentRepresentation>)write.Payload)[0].Payload;
            if (payload == "fail") return Task.FromException<IImmutableList<Exception>>(new IOException("disk full"));
            results.Add(payload == "reject" ? new NotSupportedException("not storable") : null!);
        }

        return Task.FromResult<IImmutableList<Exception>>(results.ToImmutable());
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr) => Task.FromException(new IOException("cannot be deleted"));
}
