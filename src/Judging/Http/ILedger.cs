namespace IterativeDpo.Judging.Http;

/// <summary>
/// The log of a judge's calls to a service and of what came of them: it only grows, and what was spent and answered is what its entries
/// come to. Several may write it: whoever appends says how many entries it knows, and learns those that it does not know instead of being
/// let in.
/// </summary>
public interface ILedger : IDisposable
{
    /// <summary>The most bytes of an entry's line where several write.</summary>
    const int MostSharedBytes = 1 << 20;

    /// <summary>Marks the entries of this one where several write, like nobody else's; null where nobody else does.</summary>
    string? Writer { get; }

    /// <summary>Waits for as long as it cannot be read.</summary>
    /// <returns>Entries after the first <paramref name="known"/>, perhaps not all at once: none where there are no more.</returns>
    Task<IReadOnlyList<CallEntry>> ReadAsync(long known, CancellationToken cancellationToken);

    /// <summary>Puts an entry after the first <paramref name="known"/>, for good; waits for as long as that cannot be done.</summary>
    /// <returns>None where it is there now; else entries that were there already, as <see cref="ReadAsync"/> gives them.</returns>
    Task<IReadOnlyList<CallEntry>> AppendAsync(long known, CallEntry entry, CancellationToken cancellationToken);
}
