namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// A store that others have copies of, kept to a size: beyond it the artifacts that were not used for longest are deleted whenever work
/// ends. What work in hand has pinned stays, and so does what was stored while it lasts (its results) and what somebody has open.
/// </summary>
/// <param name="bytes">The most to keep; more is kept while that much is in use.</param>
public sealed class ArtifactCache(ArtifactStore store, long bytes)
{
    // Files have the machine's time, which ticks more coarsely there, or another machine's where they are on one.
    private static readonly TimeSpan s_clocksDiffer = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly HashSet<Work> _works = [];

    /// <summary>
    /// Keeps these artifacts, there already or not, until it is disposed: before they are fetched, until results are with others.
    /// </summary>
    public IDisposable Pin(IEnumerable<Digest> digests)
    {
        var work = new Work(this, [.. digests], TimeProvider.System.GetUtcNow().UtcDateTime);
        lock (_lock) _works.Add(work);
        return work;
    }

    /// <summary>Deletes what is beyond the size.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            var files = store.Files().OrderByDescending(file => file.LastAccessTimeUtc).ToList();
            var excess = files.Sum(file => file.Length) - bytes;
            var pinned = _works.SelectMany(work => work.Digests).Select(digest => digest.Hex).ToHashSet();
            var newest = _works.Select(work => work.Since - s_clocksDiffer).DefaultIfEmpty(DateTime.MaxValue).Min();
            for (var i = files.Count - 1; i >= 0 && excess > 0; i--)
            {
                if (files[i].LastAccessTimeUtc < newest && !pinned.Contains(files[i].Name) && AtomicFile.TryDelete(files[i].FullName))
                {
                    excess -= files[i].Length;
                }
            }
        }
    }

    private void End(Work work)
    {
        lock (_lock)
        {
            if (!_works.Remove(work)) return;
            foreach (var digest in work.Digests)
            {
                store.Touch(digest);
            }
        }
        Trim();
    }

    private sealed class Work(ArtifactCache cache, IReadOnlyList<Digest> digests, DateTime since) : IDisposable
    {
        public IReadOnlyList<Digest> Digests => digests;

        public DateTime Since => since;

        public void Dispose() => cache.End(this);
    }
}
