using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// Artifacts: immutable files named by their SHA-256, <c>root/ab/abcd…</c>. One is there whole or not at all, and putting the same bytes
/// twice is harmless. Safe to use from several threads; one process writes at a time (<see cref="StateDirectory"/> sees to it).
/// </summary>
public sealed class ArtifactStore(string root)
{
    private readonly ConcurrentDictionary<Digest, (long Length, DateTime Written)> _verified = [];

    /// <summary>Where an artifact is, or would be.</summary>
    public string PathOf(Digest digest) => Path.Combine(root, digest.Hex[..2], digest.Hex);

    /// <summary>
    /// Where an artifact is, to be read there: the whole of it was compared with its name, once while it does not change.
    /// </summary>
    /// <exception cref="StorageException">It is missing, may not be read, or is corrupt.</exception>
    public string Verified(Digest digest)
    {
        var path = PathOf(digest);
        using var stream = Open(path);
        var found = (stream.Length, File.GetLastWriteTimeUtc(stream.SafeFileHandle));
        if (_verified.TryGetValue(digest, out var known) && known == found)
        {
            return path;
        }
        var actual = Digest.OfFile(stream);
        if (actual != digest)
        {
            throw new StorageException($"{path}: this artifact is corrupt: its SHA-256 is {actual}. "
                + "Delete it and restore it from a copy, or run the round that made it again.");
        }
        _verified[digest] = found;
        return path;
    }

    public bool Contains(Digest digest) => File.Exists(PathOf(digest));

    /// <summary>Whether it is there, may be read and has the bytes of its name, as <see cref="Verified"/> finds out.</summary>
    public bool ContainsWhole(Digest digest)
    {
        try
        {
            return Contains(digest) && Verified(digest).Length > 0;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    /// <exception cref="StorageException">No space, no permission; nothing was stored. So for every way to put.</exception>
    public Digest Put(ReadOnlyMemory<byte> bytes)
    {
        var digest = Digest.Of(bytes.Span);
        if (!Contains(digest)) return Put(stream => stream.Write(bytes.Span));
        Touch(digest);
        return digest;
    }

    /// <summary>Stores a copy of the file.</summary>
    public Digest PutFile(string path)
    {
        FileStream source;
        try
        {
            source = File.OpenRead(path);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be read", e);
        }
        using (source) return Put(source.CopyTo);
    }

    /// <summary>Has the artifact be this file, which somebody else keeps: a large one is not there twice.</summary>
    /// <exception cref="StorageException">No permission; nothing was stored.</exception>
    public void Link(Digest digest, string path)
    {
        var link = PathOf(digest);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            // One that was there may lead nowhere any more.
            File.Delete(link);
            File.CreateSymbolicLink(link, Path.GetFullPath(path));
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(link, "cannot be made a link", e);
        }
    }

    /// <summary>Has another store's artifact here too: the same file where both are on one volume, and else a copy.</summary>
    /// <exception cref="StorageException">It is missing there or corrupt, or there is no space or permission here.</exception>
    public void Share(ArtifactStore other, Digest digest)
    {
        var source = other.Verified(digest);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(digest))!);
            if (Contains(digest) || HardLink.TryMake(source, PathOf(digest)))
            {
                return;
            }
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(root, "an artifact cannot be stored", e);
        }
        PutFile(source);
    }

    /// <summary>Stores what <paramref name="write"/> writes, front to back.</summary>
    public Digest Put(Action<Stream> write)
    {
        try
        {
            Directory.CreateDirectory(root);
            using var hash = SHA256.Create();
            Digest digest = default;
            AtomicFile.Write(
                Path.Combine(root, "incoming"),
                file =>
                {
                    using var hashing = new CryptoStream(file, hash, CryptoStreamMode.Write, leaveOpen: true);
                    write(hashing);
                },
                () =>
                {
                    digest = Digest.OfHash(hash.Hash);
                    // Over an existing file too: should that one be damaged, it is whole again.
                    return PathOf(digest);
                });
            DirectoryFlush.Flush(root);
            return digest;
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(root, "an artifact cannot be stored", e);
        }
    }

    /// <summary>Begins to store what others send under this name, over what has that name already.</summary>
    public IncomingArtifact Receive(Digest digest)
    {
        try
        {
            Directory.CreateDirectory(root);
            return new(this, digest, AtomicFile.CreateTemporary(Path.Combine(root, "incoming")));
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(root, "an artifact cannot be stored", e);
        }
    }

    /// <exception cref="StorageException">It is missing, may not be read, or is corrupt.</exception>
    public FileStream OpenRead(Digest digest) => Open(Verified(digest));

    /// <summary>Deletes what a killed process left unfinished.</summary>
    public void DeleteAbandoned()
    {
        if (Directory.Exists(root)) AtomicFile.DeleteAbandoned(root);
    }

    /// <summary>Names a temporary file that has these bytes.</summary>
    internal void Keep(FileStream file, Digest digest)
    {
        AtomicFile.Keep(file, () => PathOf(digest));
        DirectoryFlush.Flush(root);
        _verified[digest] = (file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));
    }

    /// <summary>Every artifact there is.</summary>
    internal IEnumerable<FileInfo> Files() => Directory.Exists(root)
        ? new DirectoryInfo(root).EnumerateDirectories().SelectMany(directory => directory.EnumerateFiles())
        : [];

    /// <summary>Notes that it was used just now, if it is there.</summary>
    internal void Touch(Digest digest)
    {
        try
        {
            // Files have the machine's time, whatever clock a campaign goes by.
            File.SetLastAccessTimeUtc(PathOf(digest), TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            // Gone, or another user's: then it is no matter of this store's size.
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "this artifact cannot be read", e);
        }
    }
}
