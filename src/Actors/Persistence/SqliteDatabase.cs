using SQLitePCL;

namespace IterativeDpo.Actors.Persistence;

/// <summary>
/// A campaign's database file: events and snapshots. What <see cref="InTransaction"/> returned from is on the disk, also after a
/// power failure (write-ahead log, flushed on every commit). From several threads only by <see cref="RunAsync{T}"/>.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    public const int SchemaVersion = 1;

    private const int BusyTimeoutMilliseconds = 5000;

    private const string Schema =
        """
        CREATE TABLE event (
            persistence_id TEXT NOT NULL, sequence_nr INTEGER NOT NULL,
            serializer_id INTEGER NOT NULL, manifest TEXT NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY (persistence_id, sequence_nr)) WITHOUT ROWID;
        CREATE TABLE deleted (persistence_id TEXT PRIMARY KEY, sequence_nr INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE snapshot (
            persistence_id TEXT NOT NULL, sequence_nr INTEGER NOT NULL, timestamp_ticks INTEGER NOT NULL,
            serializer_id INTEGER NOT NULL, manifest TEXT NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY (persistence_id, sequence_nr)) WITHOUT ROWID;
        """;

    private readonly Lock _gate = new();
    private readonly sqlite3 _handle;
    private readonly string _path;
    private readonly Dictionary<string, SqliteStatement> _statements = [];

    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(sqlite3 handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>Opens the file, making it with an empty schema where there is none.</summary>
    /// <exception cref="StateDatabaseException">It is not a database, is of a newer version, or cannot be opened.</exception>
    public static SqliteDatabase Open(string path)
    {
        var result = raw.sqlite3_open_v2(path, out var handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, null);
        var database = new SqliteDatabase(handle, path);
        try
        {
            database.Check(result, "cannot be opened");
            raw.sqlite3_busy_timeout(handle, BusyTimeoutMilliseconds);
            database.Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
            database.Migrate();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs a function that uses the database off the calling thread, one at a time.</summary>
    public Task<T> RunAsync<T>(Func<T> function) => Task.Run(() =>
    {
        lock (_gate)
        {
            return function();
        }
    });

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action action) => Task.Run(() =>
    {
        lock (_gate)
        {
            action();
        }
    });

    /// <summary>The statement for this text, made once and kept.</summary>
    public SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            Check(raw.sqlite3_prepare_v2(_handle, sql, out var handle), "cannot be used");
            statement = new SqliteStatement(this, handle);
            _statements.Add(sql, statement);
        }
        return statement;
    }

    /// <summary>All of it or none of it.</summary>
    /// <exception cref="StateDatabaseException">It could not be written; the file is as it was.</exception>
    public void InTransaction(Action action)
    {
        Run("BEGIN IMMEDIATE");
        try
        {
            action();
            Run("COMMIT");
        }
        catch
        {
            // SQLite has rolled back by itself after some failures; this one then has nothing to do.
            _ = raw.sqlite3_exec(_handle, "ROLLBACK");
            throw;
        }
    }

    /// <exception cref="StateDatabaseException">The result code is an error.</exception>
    public void Check(int result, string action)
    {
        if (result is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return;
        }
        var cause = (result & 0xFF) switch
        {
            raw.SQLITE_FULL => "no space left on its volume. Free some, then run again.",
            raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => "permission denied. Make it writable for this user.",
            raw.SQLITE_CANTOPEN => "it cannot be opened or made there. Check the path and its permissions.",
            raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => "it is damaged or no campaign database. Restore it from a copy, or choose another state directory.",
            raw.SQLITE_IOERR => "its volume failed or is full. Check the volume, then run again.",
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another process is using it. Stop that one first.",
            _ => $"{raw.sqlite3_errmsg(_handle).utf8_to_string()}.",
        };
        throw new StateDatabaseException($"{_path}: {action}: {cause}");
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var statement in _statements.Values)
            {
                statement.Dispose();
            }
            _handle.Dispose();
        }
    }

    private void Run(string sql) => Check(raw.sqlite3_exec(_handle, sql), "cannot be written");

    private void Migrate()
    {
        var statement = Statement("PRAGMA user_version");
        var version = statement.Query(row => row.Int64(0)).Single();
        if (version > SchemaVersion)
        {
            throw new StateDatabaseException(
                $"{_path}: it is of version {version}, written by a newer program; this one knows version {SchemaVersion}. Use the newer program.");
        }
        if (version == 0)
        {
            InTransaction(() => Run($"{Schema} PRAGMA user_version = {SchemaVersion};"));
        }
    }
}
