using System.Security.Cryptography;

namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// An artifact that arrives piece by piece, under a name known before: a temporary file until it is whole, and gone when disposed before.
/// For one writer at a time; <see cref="ArtifactStore.Receive"/> makes it.
/// </summary>
public sealed class IncomingArtifact : IDisposable
{
    private readonly ArtifactStore _store;
    private readonly Digest _digest;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _kept;

    internal IncomingArtifact(ArtifactStore store, Digest digest, FileStream file) => (_store, _digest, _file) = (store, digest, file);

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <exception cref="StorageException">No space, no permission.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var writing = _file.WriteAsync(bytes);
            _hash.AppendData(bytes.Span);
            await writing.ConfigureAwait(false);
            Length += bytes.Length;
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw Explain(e);
        }
    }

    /// <summary>Stores it for good; false, and nothing is stored, if its bytes are not those of its name.</summary>
    /// <exception cref="StorageException">No space, no permission; nothing was stored.</exception>
    public bool Complete()
    {
        if (Digest.OfHash(_hash.GetHashAndReset()) != _digest)
        {
            return false;
        }
        try
        {
            _store.Keep(_file, _digest);
            _kept = true;
            return true;
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw Explain(e);
        }
    }

    public void Dispose()
    {
        _hash.Dispose();
        if (_kept)
        {
            _file.Dispose();
        }
        else
        {
            AtomicFile.Abandon(_file);
        }
    }

    private StorageException Explain(Exception e) => IoFailure.Explain(_file.Name, "an artifact cannot be stored", e);
}
