using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Judging.Http;

/// <summary>A ledger in a file of JSON lines that this process alone writes; an entry is on the disk before it counts.</summary>
internal sealed class LedgerFile : ILedger
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly Lock _lock = new();

    /// <summary>Opens the file, or makes it.</summary>
    /// <exception cref="StorageException">The file cannot be used.</exception>
    public LedgerFile(string path)
    {
        _path = path;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be opened", e);
        }
    }

    public string? Writer => null;

    /// <summary>Cuts off a last line that a crash left unfinished.</summary>
    /// <exception cref="UserInputException">A line is damaged; names it.</exception>
    public Task<IReadOnlyList<CallEntry>> ReadAsync(long known, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Who knows some knows all.
            return Task.FromResult<IReadOnlyList<CallEntry>>(
                known > 0 ? [] : [.. CallEntry.Lines.ReadLog(_stream, _path).Select(read => read.Record)]);
        }
    }

    /// <exception cref="StorageException">It cannot be written; the file is as it was.</exception>
    public Task<IReadOnlyList<CallEntry>> AppendAsync(long known, CallEntry entry, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            CallEntry.Lines.Append(_stream, _path, entry, flushToDisk: true);
        }
        return Task.FromResult<IReadOnlyList<CallEntry>>([]);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stream.Dispose();
        }
    }
}
