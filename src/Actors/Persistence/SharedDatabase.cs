namespace IterativeDpo.Actors.Persistence;

/// <summary>
/// One connection to a file for all plug-ins of this process. SQLite lets one connection write at a time, and another one would wait by sleeping.
/// </summary>
internal sealed class SharedDatabase : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, (SqliteDatabase Database, int Users)> Open = [];

    private readonly string _path;

    private SharedDatabase(string path, SqliteDatabase database)
    {
        _path = path;
        Database = database;
    }

    public SqliteDatabase Database { get; }

    /// <summary>Opens the file, or joins those who have it open.</summary>
    /// <exception cref="StateDatabaseException">It is not a database, is of a newer version, or cannot be opened.</exception>
    public static SharedDatabase Join(string path)
    {
        lock (Gate)
        {
            var (database, users) = Open.TryGetValue(path, out var entry) ? entry : (SqliteDatabase.Open(path), 0);
            Open[path] = (database, users + 1);
            return new SharedDatabase(path, database);
        }
    }

    /// <summary>Closes the file when its last user leaves.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            var (database, users) = Open[_path];
            if (users > 1)
            {
                Open[_path] = (database, users - 1);
                return;
            }
            Open.Remove(_path);
            database.Dispose();
        }
    }
}
