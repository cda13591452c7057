using System.Text;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

public sealed class ArtifactStoreTests : IDisposable
{
    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes("an artifact");

    private readonly TemporaryDirectory _directory = new();
    private readonly ArtifactStore _store;

    public ArtifactStoreTests() => _store = new(_directory["store"]);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Put_names_the_file_by_its_digest()
    {
        var digest = _store.Put(Bytes);

        Assert.Equal(Digest.Of(Bytes), digest);
        Assert.Equal(Path.Combine(_directory["store"], digest.Hex[..2], digest.Hex), _store.PathOf(digest));
        Assert.Equal(Bytes, File.ReadAllBytes(_store.PathOf(digest)));
    }

    [Fact]
    public void Put_by_each_way_gives_the_same_artifact()
    {
        File.WriteAllBytes(_directory["file"], Bytes);

        Assert.Equal(_store.Put(Bytes), _store.PutFile(_directory["file"]));
        Assert.Equal(_store.Put(Bytes), _store.Put(stream => stream.Write(Bytes)));
        Assert.Single(Files());
    }

    [Fact]
    public async Task Put_from_many_threads_gives_one_file()
    {
        var digests = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => _store.Put(s => s.Write(Bytes)))));

        Assert.Single(digests.Distinct());
        Assert.Single(Files());
    }

    [Fact]
    public void Put_over_a_damaged_file_makes_it_whole()
    {
        var digest = _store.Put(Bytes);
        File.WriteAllText(_store.PathOf(digest), "damaged");

        _store.Put(stream => stream.Write(Bytes));

        Assert.Equal(Bytes, File.ReadAllBytes(_store.Verified(digest)));
    }

    [Fact]
    public void Put_whose_writer_fails_leaves_nothing()
    {
        Assert.Throws<InvalidDataException>(() => _store.Put(stream =>
        {
            stream.Write(new byte[1 << 20]);
            throw new InvalidDataException("half way");
        }));

        Assert.Empty(Files());
    }

    [Fact]
    public void OpenRead_gives_the_bytes()
    {
        var digest = _store.Put(Bytes);
        using var stream = _store.OpenRead(digest);
        using var reader = new StreamReader(stream);

        Assert.Equal("an artifact", reader.ReadToEnd());
    }

    [Fact]
    public void OpenRead_of_a_missing_artifact_names_the_file_and_the_way_out()
    {
        var digest = Digest.Of(Bytes);

        var error = Assert.Throws<StorageException>(() => _store.OpenRead(digest));

        Assert.False(_store.Contains(digest));
        Assert.StartsWith(_store.PathOf(digest), error.Message);
        Assert.Contains("it does not exist. Check the path, or restore it", error.Message);
    }

    [Fact]
    public void Verified_of_a_whole_artifact_is_where_it_lies()
    {
        var digest = _store.Put(Bytes);

        Assert.True(_store.Contains(digest));
        Assert.Equal(_store.PathOf(digest), _store.Verified(digest));
    }

    [Fact]
    public void Verified_of_a_corrupt_artifact_names_the_file_and_the_way_out()
    {
        var digest = _store.Put(Bytes);
        var damaged = Bytes.ToArray();
        damaged[3] ^= 1;
        File.WriteAllBytes(_store.PathOf(digest), damaged);

        var error = Assert.Throws<StorageException>(() => _store.Verified(digest));

        Assert.StartsWith(_store.PathOf(digest), error.Message);
        Assert.Contains($"corrupt: its SHA-256 is {Digest.Of(damaged)}. Delete it and restore it from a copy", error.Message);
    }

    [Fact]
    public void OpenRead_of_an_artifact_that_was_damaged_after_it_was_verified_is_an_error()
    {
        var digest = _store.Put(Bytes);
        _store.OpenRead(digest).Dispose();

        File.AppendAllText(_store.PathOf(digest), "more");

        Assert.Contains("corrupt", Assert.Throws<StorageException>(() => _store.OpenRead(digest)).Message);
    }

    [Fact]
    public void DeleteAbandoned_removes_unfinished_files_and_nothing_else()
    {
        var digest = _store.Put(Bytes);
        File.WriteAllText(Path.Combine(_directory["store"], "incoming.123-4.tmp"), "half");

        _store.DeleteAbandoned();

        Assert.Equal([_store.PathOf(digest)], Files());
    }

    [Fact]
    public void DeleteAbandoned_while_another_writes_leaves_that_file()
    {
        var other = new ArtifactStore(_directory["store"]);

        var digest = _store.Put(stream =>
        {
            stream.Write(Bytes);
            other.DeleteAbandoned();
        });

        _store.Verified(digest);
        Assert.Equal([_store.PathOf(digest)], Files());
    }

    [Fact]
    public void PutFile_of_a_missing_file_names_it()
    {
        var error = Assert.Throws<StorageException>(() => _store.PutFile(_directory["missing"]));

        Assert.StartsWith($"{_directory["missing"]}: cannot be read: it does not exist", error.Message);
    }

    [Fact]
    public void Put_under_something_that_is_no_directory_names_the_store()
    {
        File.WriteAllText(_directory["store"], "a file");

        var error = Assert.Throws<StorageException>(() => _store.Put(Bytes));

        Assert.StartsWith($"{_directory["store"]}: an artifact cannot be stored", error.Message);
        Assert.Equal("a file", File.ReadAllText(_directory["store"]));
    }

    [Fact]
    public void Put_that_cannot_be_renamed_into_place_leaves_nothing()
    {
        var digest = Digest.Of(Bytes);
        Directory.CreateDirectory(_store.PathOf(digest)); // a directory stands where the file belongs

        var error = Assert.Throws<StorageException>(() => _store.Put(stream => stream.Write(Bytes)));

        Assert.StartsWith(_directory["store"], error.Message);
        Assert.Empty(Files());
    }

    private string[] Files() => Directory.GetFiles(_directory["store"], "*", SearchOption.AllDirectories);
}
