using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

public sealed class ArtifactCacheTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ArtifactStore _store;
    private readonly ArtifactCache _cache;

    public ArtifactCacheTests()
    {
        _store = new(_directory["store"]);
        _cache = new(_store, bytes: 250);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Trim_beyondTheSize_deletesWhatWasNotUsedForLongest()
    {
        var (old, used, young) = (Put(1, hoursAgo: 3), Put(2, hoursAgo: 4), Put(3, hoursAgo: 1));
        _cache.Pin([used]).Dispose();

        Assert.Equal([false, true, true], new[] { old, used, young }.Select(_store.Contains));
    }

    [Fact]
    public void Trim_withinTheSize_deletesNothing()
    {
        var digests = new[] { Put(1, hoursAgo: 3), Put(2, hoursAgo: 2) };

        _cache.Trim();

        Assert.All(digests, digest => Assert.True(_store.Contains(digest)));
    }

    [Fact]
    public void Trim_ofAnEmptyStore_isNothing() => _cache.Trim();

    [Fact]
    public void Trim_sparesWhatIsPinnedUntilTheLastOfTheWorkEnds()
    {
        var (pinned, other, third) = (Put(1, hoursAgo: 5), Put(2, hoursAgo: 2), Put(3, hoursAgo: 1));
        var (one, two) = (_cache.Pin([pinned]), _cache.Pin([pinned]));

        one.Dispose();
        one.Dispose();
        Assert.Equal([true, false, true], new[] { pinned, other, third }.Select(_store.Contains));

        two.Dispose();
        Put(4, hoursAgo: 0);
        File.SetLastAccessTimeUtc(_store.PathOf(pinned), DateTime.UtcNow.AddHours(-2));
        _cache.Trim();
        Assert.False(_store.Contains(pinned));
    }

    [Fact]
    public void Trim_sparesWhatWasStoredSinceWorkBegan()
    {
        var again = Put(1, hoursAgo: 9);
        using var work = _cache.Pin([]);
        var (first, second) = (Put(2, hoursAgo: 0), Put(3, hoursAgo: 0));
        // The same result as in an earlier attempt.
        _store.Put(Bytes(1));

        _cache.Trim();

        Assert.All([again, first, second], digest => Assert.True(_store.Contains(digest)));
    }

    [Fact]
    public void Trim_sparesWhatIsBeingRead()
    {
        var read = Put(1, hoursAgo: 3);
        var others = new[] { Put(2, hoursAgo: 2), Put(3, hoursAgo: 1) };
        using (_store.OpenRead(read))
        {
            File.SetLastAccessTimeUtc(_store.PathOf(read), DateTime.UtcNow.AddHours(-3));
            _cache.Trim();
        }

        Assert.True(_store.Contains(read));
        Assert.Equal([false, true], others.Select(_store.Contains));
    }

    private Digest Put(byte content, int hoursAgo)
    {
        var digest = _store.Put(Bytes(content));
        if (hoursAgo > 0) File.SetLastAccessTimeUtc(_store.PathOf(digest), DateTime.UtcNow.AddHours(-hoursAgo));
        return digest;
    }

    private static byte[] Bytes(byte content) => [.. Enumerable.Repeat(content, 100)];
}
