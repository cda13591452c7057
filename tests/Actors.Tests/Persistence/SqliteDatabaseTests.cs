using IterativeDpo.Actors.Persistence;

namespace IterativeDpo.Actors.Tests.Persistence;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly DatabaseFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Open_what_was_written_is_there_again()
    {
        _file.Use(database => new EventTable(database).Append([DatabaseFile.Event("a", 1)]));

        Assert.Equal(1, _file.Use(database => new EventTable(database).HighestSequenceNr("a")));
    }

    [Fact]
    public void Open_newer_version_is_refused_and_left_as_it_is()
    {
        _file.Use(database => database.Statement("PRAGMA user_version = 9").Execute());

        var error = Assert.Throws<StateDatabaseException>(() => SqliteDatabase.Open(_file.Path));

        Assert.Contains(_file.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_file_that_is_no_database_is_refused()
    {
        File.WriteAllText(_file.Path, new string('x', 4096));

        var error = Assert.Throws<StateDatabaseException>(() => SqliteDatabase.Open(_file.Path));

        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_in_a_directory_that_is_not_there_names_the_file()
    {
        var path = Path.Combine(_file.Path, "missing", "campaign.db");

        var error = Assert.Throws<StateDatabaseException>(() => SqliteDatabase.Open(path));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InTransaction_full_disk_says_so_and_keeps_what_was_there()
    {
        var error = _file.Use(database =>
        {
            var events = new EventTable(database);
            events.Append([DatabaseFile.Event("a", 1)]);
            // As many pages as there are: the next one cannot be had, as on a full volume.
            database.Statement("PRAGMA max_page_count = 1").Query(row => row.Int64(0));
            var big = new StoredEvent("a", 2, new StoredPayload(1, "m", new byte[100_000]));
            return Assert.Throws<StateDatabaseException>(() => events.Append([big]));
        });

        Assert.Contains("no space left", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, _file.Use(database => new EventTable(database).HighestSequenceNr("a")));
    }
}
