using IterativeDpo.Actors.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Tests.Store;
using Microsoft.Data.Sqlite;

namespace IterativeDpo.Actors.Tests.Persistence;

public sealed class CampaignDatabaseTests : IDisposable
{
    /// <summary>
    /// The tables of version 1, with events 2 and 3 of a campaign whose first was deleted, all of another's deleted, and two snapshots.
    /// </summary>
    private const string Version1 =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE event (
            persistence_id TEXT NOT NULL, sequence_nr INTEGER NOT NULL,
            serializer_id INTEGER NOT NULL, manifest TEXT NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY (persistence_id, sequence_nr)) WITHOUT ROWID;
        CREATE TABLE deleted (persistence_id TEXT PRIMARY KEY, sequence_nr INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE snapshot (
            persistence_id TEXT NOT NULL, sequence_nr INTEGER NOT NULL, timestamp_ticks INTEGER NOT NULL,
            serializer_id INTEGER NOT NULL, manifest TEXT NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY (persistence_id, sequence_nr)) WITHOUT ROWID;
        INSERT INTO event VALUES ('a', 2, 640, 'two', x'02'), ('a', 3, 640, 'three', x'03');
        INSERT INTO deleted VALUES ('a', 1), ('b', 7);
        INSERT INTO snapshot VALUES ('a', 1, 1000, 640, 'state', x'11'), ('a', 2, 2000, 640, 'state', x'12');
        PRAGMA user_version = 1;
        """;

    private readonly DatabaseFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Prepare_newer_version_is_refused_and_left_as_it_is()
    {
        _file.Run("PRAGMA user_version = 9");

        var error = Assert.Throws<UserInputException>(() => CampaignDatabase.Prepare(_file.Path));

        Assert.StartsWith(_file.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
        Assert.Equal(0L, _file.Ask("SELECT count(*) FROM sqlite_schema"));
    }

    [Fact]
    public void Prepare_file_that_is_no_database_is_refused()
    {
        File.WriteAllText(_file.Path, new string('x', 4096));

        var error = Assert.Throws<UserInputException>(() => CampaignDatabase.Prepare(_file.Path));

        Assert.StartsWith($"{_file.Path}: it is damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_in_a_directory_that_is_not_there_names_the_file()
    {
        var path = Path.Combine(_file.Path, "missing", "campaign.db");

        var error = Assert.Throws<UserInputException>(() => CampaignDatabase.Prepare(path));

        Assert.StartsWith($"{path}: it cannot be opened", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_flushes_the_log_on_every_commit()
    {
        CampaignDatabase.Prepare(_file.Path);

        using var connection = new SqliteConnection(CampaignDatabase.ConnectionString(_file.Path, SqliteOpenMode.ReadWrite));
        connection.Open();

        const long Full = 2;
        Assert.Equal(("wal", Full), ((string)Ask(connection, "PRAGMA journal_mode")!, (long)Ask(connection, "PRAGMA synchronous")!));
    }

    [Fact]
    public void Prepare_version_1_is_moved_with_its_numbers_and_its_newest_snapshot()
    {
        _file.Run(Version1);

        CampaignDatabase.Prepare(_file.Path);

        AssertIsVersion1(SnapshotOf("a"), EventsOf("a"));
        Assert.Equal("7 1", _file.Ask("SELECT sequence_number || ' ' || deleted FROM journal WHERE persistence_id = 'b'"));
        Assert.Equal("2000 640", _file.Ask("SELECT created || ' ' || serializer_id FROM snapshot"));
        Assert.Equal("640 three", _file.Ask("SELECT identifier || ' ' || manifest FROM journal WHERE sequence_number = 3"));
        Assert.Equal("journal,snapshot", _file.Ask(
            "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name)"));
    }

    [Fact]
    public void Prepare_version_1_that_cannot_be_moved_stays_whole()
    {
        // The last step of the move fails: the table is not there to be dropped.
        _file.Run($"{Version1} ALTER TABLE deleted RENAME TO gone; CREATE VIEW deleted AS SELECT * FROM gone;");

        Assert.Throws<UserInputException>(() => CampaignDatabase.Prepare(_file.Path));

        AssertIsVersion1(SnapshotOf("a"), EventsOf("a"));
        Assert.Equal(1L, _file.Ask("PRAGMA user_version"));
        Assert.Equal(2L, _file.Ask("SELECT count(*) FROM event"));
    }

    [Fact]
    public void Read_version_1_is_read_and_left_as_it_is()
    {
        _file.Run(Version1);
        var before = File.ReadAllBytes(_file.Path);

        AssertIsVersion1(SnapshotOf("a"), EventsOf("a"));

        Assert.Equal(before, File.ReadAllBytes(_file.Path));
    }

    [Fact]
    public void Read_cannot_write()
    {
        CampaignDatabase.Prepare(_file.Path);
        using var connection = new SqliteConnection(CampaignDatabase.ConnectionString(_file.Path, SqliteOpenMode.ReadOnly));
        connection.Open();

        var error = Assert.Throws<SqliteException>(() => Ask(connection, "DELETE FROM journal"));

        Assert.StartsWith("permission denied", CampaignDatabase.CauseOf(error), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_where_there_is_no_file_makes_none()
    {
        Assert.Null(CampaignDatabase.Read(_file.Path, database => database.PersistenceIds().ToList()));
        Assert.False(File.Exists(_file.Path));
    }

    [SmallDiskFact]
    public void CauseOf_full_volume_says_so_and_the_database_goes_on_when_there_is_space()
    {
        using var disk = new SmallDisk(1 << 10);
        var path = disk["campaign.db"];
        static string Insert(int number) => $"INSERT INTO journal VALUES ({number}, 0, 0, 'a', {number}, zeroblob(100000), '', 1, '', '')";
        CampaignDatabase.Prepare(path);
        DatabaseFile.Run(path, Insert(1));
        disk.Fill();

        // A connection that finds the volume full cannot even make the file that it shares with others.
        var opening = Assert.Throws<SqliteException>(() => DatabaseFile.Run(path, Insert(2)));
        disk.Free();
        using var connection = new SqliteConnection(CampaignDatabase.ConnectionString(path, SqliteOpenMode.ReadWrite));
        connection.Open();
        Ask(connection, Insert(3));
        disk.Fill();
        var writing = Assert.Throws<SqliteException>(() => Ask(connection, Insert(4)));
        disk.Free();
        Ask(connection, Insert(5));

        Assert.StartsWith("its volume failed or is full", CampaignDatabase.CauseOf(opening), StringComparison.Ordinal);
        Assert.StartsWith("no space left on its volume", CampaignDatabase.CauseOf(writing), StringComparison.Ordinal);
        Assert.Equal(
            [1, 3, 5],
            CampaignDatabase.Read(path, database => database.EventsAfter("a", 0).Select(stored => (int)stored.SequenceNr).ToList()));
        JournalSettings.CloseSqlite(path);
    }

    // Where no volume can be filled: SQLite calls it full too when no number is left for a row.
    [Theory]
    [InlineData(
        "INSERT INTO journal VALUES (9223372036854775807, 0, 0, 'a', 1, x'', '', 1, '', ''), (NULL, 0, 0, 'a', 2, x'', '', 1, '', '')",
        "no space left")]
    [InlineData(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 1000 WHERE name = 'journal'; PRAGMA writable_schema = RESET; SELECT * FROM journal",
        "it is damaged")]
    public void CauseOf_says_what_to_do(string sql, string cause)
    {
        CampaignDatabase.Prepare(_file.Path);

        var error = Assert.Throws<SqliteException>(() => _file.Run(sql));

        Assert.StartsWith(cause, CampaignDatabase.CauseOf(error), StringComparison.Ordinal);
    }

    [Fact]
    public void CauseOf_database_that_another_process_writes_says_so()
    {
        CampaignDatabase.Prepare(_file.Path);
        using var other = new SqliteConnection($"Data Source={_file.Path};Pooling=False");
        other.Open();
        using var transaction = other.BeginTransaction();
        using var connection = new SqliteConnection($"Data Source={_file.Path};Pooling=False;Default Timeout=1");
        connection.Open();

        var error = Assert.Throws<SqliteException>(() => Ask(connection, "DELETE FROM journal"));

        Assert.StartsWith("another process is using it", CampaignDatabase.CauseOf(error), StringComparison.Ordinal);
    }

    private StoredPayload? SnapshotOf(string id) => CampaignDatabase.Read(_file.Path, database => database.LatestSnapshot(id));

    private List<StoredPayload>? EventsOf(string id) => CampaignDatabase.Read(_file.Path, database => database.EventsAfter(id, 0).ToList());

    private static void AssertIsVersion1(StoredPayload? snapshot, List<StoredPayload>? events)
    {
        Assert.Equal((2L, "state", 0x12), (snapshot!.SequenceNr, snapshot.Manifest, (int)snapshot.Bytes.Single()));
        Assert.Equal(
            [(2L, "two", 2), (3L, "three", 3)],
            events!.Select(stored => (stored.SequenceNr, stored.Manifest, (int)stored.Bytes.Single())));
    }

    private static object? Ask(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
