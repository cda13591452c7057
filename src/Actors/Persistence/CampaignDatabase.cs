using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IterativeDpo.Actors.Persistence;

/// <summary>
/// A campaign's database file. Akka.Persistence.Sql writes it while a campaign runs; here it is made, brought from an older version, and
/// read.
/// </summary>
internal sealed class CampaignDatabase : IDisposable
{
    /// <summary>The file's <c>user_version</c>. Version 1 had tables of our own.</summary>
    public const int Version = 2;

    private const int BusyTimeoutSeconds = 5;

    /// <summary>The tables of Akka.Persistence.Sql's default mapping, with tags in a column.</summary>
    private const string Schema =
        """
        CREATE TABLE journal (
            ordering INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, deleted INTEGER NOT NULL,
            persistence_id TEXT NOT NULL, sequence_number INTEGER NOT NULL, message BLOB NOT NULL,
            manifest TEXT, identifier INTEGER, tags TEXT, writer_uuid TEXT,
            UNIQUE (persistence_id, sequence_number));
        CREATE TABLE snapshot (
            persistence_id TEXT NOT NULL, sequence_number INTEGER NOT NULL, created INTEGER NOT NULL,
            snapshot BLOB, manifest TEXT, serializer_id INTEGER,
            PRIMARY KEY (persistence_id, sequence_number));
        """;

    /// <summary>What stays of events that were deleted is the last one's number: here a row that is marked as deleted.</summary>
    private const string Move =
        $"""
        ALTER TABLE snapshot RENAME TO snapshot_1;
        {Schema}
        INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier)
            SELECT 0, 0, persistence_id, sequence_nr, payload, manifest, serializer_id FROM event ORDER BY persistence_id, sequence_nr;
        INSERT OR IGNORE INTO journal (created, deleted, persistence_id, sequence_number, message)
            SELECT 0, 1, persistence_id, sequence_nr, x'' FROM deleted;
        INSERT INTO snapshot
            SELECT persistence_id, max(sequence_nr), timestamp_ticks, payload, manifest, serializer_id FROM snapshot_1 GROUP BY persistence_id;
        DROP TABLE event;
        DROP TABLE deleted;
        DROP TABLE snapshot_1;
        """;

    /// <summary>Version 1 as it is read where nothing may be written.</summary>
    private const string ViewsOfVersion1 =
        """
        CREATE TEMP VIEW journal AS
            SELECT persistence_id, sequence_nr AS sequence_number, payload AS message, manifest, 0 AS deleted FROM main.event;
        CREATE TEMP VIEW snapshot AS
            SELECT persistence_id, sequence_nr AS sequence_number, payload AS snapshot, manifest FROM main.snapshot;
        """;

    private readonly SqliteConnection _connection;

    private CampaignDatabase(string path, SqliteOpenMode mode)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder(ConnectionString(path, mode)) { Pooling = false }.ToString());
        _connection.Open();
    }

    /// <summary>Makes the file where there is none, and moves what version 1 of it has to the tables of this one: all or nothing.</summary>
    /// <exception cref="UserInputException">It is no database, damaged, in use, of a newer version, or cannot be written.</exception>
    public static void Prepare(string path)
    {
        try
        {
            using var database = new CampaignDatabase(path, SqliteOpenMode.ReadWriteCreate);
            database.Run("PRAGMA journal_mode = WAL");
            var version = database.ReadVersion(path);
            if (version < Version)
            {
                using var transaction = database._connection.BeginTransaction();
                database.Run($"{(version == 0 ? Schema : Move)} PRAGMA user_version = {Version};");
                transaction.Commit();
            }
        }
        catch (SqliteException e)
        {
            throw Refusal(path, e);
        }
    }

    /// <summary>Opens the file for reading only, also while another process writes it.</summary>
    /// <returns>What was read; null where there is no file, or nothing in it yet.</returns>
    /// <exception cref="UserInputException">It is no database, damaged, or of a newer version.</exception>
    public static T? Read<T>(string path, Func<CampaignDatabase, T?> read)
        where T : class
    {
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            using var database = new CampaignDatabase(path, SqliteOpenMode.ReadOnly);
            var version = database.ReadVersion(path);
            if (version == 1)
            {
                database.Run(ViewsOfVersion1);
            }
            return version == 0 ? null : read(database);
        }
        catch (SqliteException e)
        {
            throw Refusal(path, e);
        }
    }

    /// <summary>
    /// Begins a campaign's journal with events, in a file that <see cref="Prepare"/> made and nobody has written to: all or none.
    /// </summary>
    /// <exception cref="UserInputException">It cannot be written.</exception>
    public static void Begin(string path, string persistenceId, IReadOnlyList<CampaignEvent> events)
    {
        try
        {
            using var database = new CampaignDatabase(path, SqliteOpenMode.ReadWrite);
            using var transaction = database._connection.BeginTransaction();
            for (var i = 0; i < events.Count; i++)
            {
                database.Run(
                    """
                    INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier)
                    VALUES ($1, 0, $2, $3, $4, $5, $6)
                    """,
                    events[i].At.ToUnixTimeMilliseconds(),
                    persistenceId,
                    i + 1,
                    WireFormat.Write(events[i]),
                    WireFormat.ManifestOf(events[i]),
                    ClusterSerializer.Number);
            }
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw Refusal(path, e);
        }
    }

    public static string ConnectionString(string path, SqliteOpenMode mode) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        DefaultTimeout = BusyTimeoutSeconds,
    }.ToString();

    /// <summary>What was wrong and what to do about it.</summary>
    public static string CauseOf(Exception error) => (error as SqliteException)?.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "no space left on its volume. Free some, then run again.",
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => "permission denied. Make it writable for this user.",
        raw.SQLITE_CANTOPEN => "it cannot be opened or made there. Check the path and its permissions.",
        raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT =>
            "it is damaged or no campaign database. Restore it from a copy, or choose another state directory.",
        raw.SQLITE_IOERR => "its volume failed or is full. Check the volume, then run again.",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another process is using it. Stop that one first.",
        _ => error.Message,
    };

    /// <summary>Whose events there are.</summary>
    public IEnumerable<string> PersistenceIds() => Query("SELECT DISTINCT persistence_id FROM journal", row => row.GetString(0));

    public StoredPayload? LatestSnapshot(string persistenceId) => Query(
        "SELECT sequence_number, manifest, snapshot FROM snapshot WHERE persistence_id = $1 ORDER BY sequence_number DESC LIMIT 1",
        Payload,
        persistenceId).FirstOrDefault();

    /// <summary>The events after that of this number, in order.</summary>
    public IEnumerable<StoredPayload> EventsAfter(string persistenceId, long sequenceNr) => Query(
        """
        SELECT sequence_number, manifest, message FROM journal
        WHERE persistence_id = $1 AND sequence_number > $2 AND NOT deleted ORDER BY sequence_number
        """,
        Payload,
        persistenceId,
        sequenceNr);

    public void Dispose() => _connection.Dispose();

    private static StoredPayload Payload(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetFieldValue<byte[]>(2));

    private static UserInputException Refusal(string path, SqliteException e) => new($"{path}: {CauseOf(e)}", e);

    private long ReadVersion(string path)
    {
        var version = Query("PRAGMA user_version", row => row.GetInt64(0)).Single();
        return version <= Version
            ? version
            : throw new UserInputException(
                $"{path}: it is of version {version}, written by a newer program; this one knows version {Version}. Use the newer program."
            );
    }

    private void Run(string sql, params object[] arguments)
    {
        using var command = Command(sql, arguments);
        command.ExecuteNonQuery();
    }

    private IEnumerable<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params object[] arguments)
    {
        using var command = Command(sql, arguments);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            yield return read(row);
        }
    }

    private SqliteCommand Command(string sql, object[] arguments)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < arguments.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", arguments[i]);
        }
        return command;
    }
}

/// <summary>An event or a snapshot as it lies in the database: its number, what it is, and its bytes.</summary>
internal sealed record StoredPayload(long SequenceNr, string Manifest, byte[] Bytes);
