using System.IO.Compression;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// A training's work directory as an artifact, so that it goes on from its last checkpoint on another machine. Checkpoints know what run
/// they are of: one that does not fit is not taken up.
/// </summary>
/// <param name="directory">The training's own.</param>
internal sealed class CheckpointArtifact(ArtifactStore store, string directory, TimeProvider time)
{
    /// <summary>More often would cost more than it saves.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly long _began = time.GetTimestamp();
    private DateTime _stored;
    private TimeSpan _storedAt;

    /// <summary>The artifact that the directory was last like.</summary>
    private string Marker => Path.Combine(directory, "checkpoint.artifact");

    /// <summary>Puts the files of this checkpoint in the directory, unless what is there went on from it.</summary>
    public void Restore(Digest checkpoint)
    {
        if (File.Exists(Marker) && File.ReadAllText(Marker) == checkpoint.Hex)
        {
            return;
        }
        Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(directory);
        using var archive = new ZipArchive(store.OpenRead(checkpoint));
        foreach (var entry in archive.Entries)
        {
            // Names without folders: they were made of such.
            entry.ExtractToFile(Path.Combine(directory, Path.GetFileName(entry.FullName)));
        }
        File.WriteAllText(Marker, checkpoint.Hex);
        _stored = Newest();
    }

    /// <summary>Stores the directory if it has a checkpoint that is newer than the last one stored, and that was a while ago.</summary>
    public Digest? StoreIfNew()
    {
        var now = time.GetElapsedTime(_began);
        if (now - _storedAt < Interval || Store() is not { } digest)
        {
            return null;
        }
        _storedAt = now;
        return digest;
    }

    /// <summary>Stores the directory if it has a checkpoint that is newer than the last one stored.</summary>
    public Digest? Store()
    {
        var newest = Newest();
        if (newest <= _stored)
        {
            return null;
        }
        // The state first: the log beside it only grows, and may have more than belongs to the state.
        string[] files =
        [
            .. States()
                .Concat(Directory.EnumerateFiles(directory).Where(file => Path.GetExtension(file) != ".gguf"))
                .Distinct()
                .Where(file => file != Marker),
        ];
        var digest = store.Put(stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var file in files)
            {
                using var entry = archive.CreateEntry(Path.GetFileName(file), CompressionLevel.NoCompression).Open();
                using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                source.CopyTo(entry);
            }
        });
        File.WriteAllText(Marker, digest.Hex);
        _stored = newest;
        return digest;
    }

    private IEnumerable<string> States() => Directory.EnumerateFiles(directory, "checkpoint-*.bin");

    private DateTime Newest() => States().Select(File.GetLastWriteTimeUtc).DefaultIfEmpty(DateTime.MinValue).Max();
}
