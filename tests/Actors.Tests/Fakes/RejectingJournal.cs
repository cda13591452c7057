using System.Collections.Immutable;
using Akka.Persistence;
using Akka.Persistence.Journal;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>A journal in memory that takes everything but results of work.</summary>
public sealed class RejectingJournal : MemoryJournal
{
    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages,
        CancellationToken cancellationToken)
    {
        AtomicWrite[] writes = [.. messages];
        await base.WriteMessagesAsync(writes.Where(write => !IsRejected(write)), cancellationToken);
        return [.. writes.Select(write => IsRejected(write) ? new InvalidOperationException("too large") : null!)];
    }

    private static bool IsRejected(AtomicWrite write) =>
        ((IImmutableList<IPersistentRepresentation>)write.Payload).Any(item => item.Payload is WorkCompleted);
}
