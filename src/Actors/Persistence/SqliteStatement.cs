using SQLitePCL;

namespace IterativeDpo.Actors.Persistence;

/// <summary>A prepared statement. Arguments are bound in order: texts, 64-bit integers and byte arrays.</summary>
internal sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt handle) : IDisposable
{
    /// <summary>Runs it for its effect.</summary>
    public void Execute(params ReadOnlySpan<object> arguments)
    {
        Bind(arguments);
        try
        {
            database.Check(raw.sqlite3_step(handle), "cannot be written");
        }
        finally
        {
            raw.sqlite3_reset(handle);
        }
    }

    /// <summary>Reads all its rows.</summary>
    public List<T> Query<T>(Func<SqliteStatement, T> read, params ReadOnlySpan<object> arguments)
    {
        Bind(arguments);
        try
        {
            var rows = new List<T>();
            while (Step())
            {
                rows.Add(read(this));
            }
            return rows;
        }
        finally
        {
            raw.sqlite3_reset(handle);
        }
    }

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    public byte[] Blob(int column) => raw.sqlite3_column_blob(handle, column).ToArray();

    public void Dispose() => handle.Dispose();

    private bool Step()
    {
        var result = raw.sqlite3_step(handle);
        database.Check(result, "cannot be read");
        return result == raw.SQLITE_ROW;
    }

    private void Bind(ReadOnlySpan<object> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var result = arguments[i] switch
            {
                string text => raw.sqlite3_bind_text(handle, i + 1, text),
                long number => raw.sqlite3_bind_int64(handle, i + 1, number),
                byte[] bytes => raw.sqlite3_bind_blob(handle, i + 1, bytes),
                var other => throw new ArgumentException($"A {other.GetType()} cannot be bound.", nameof(arguments)),
            };
            database.Check(result, "cannot be used");
        }
    }
}
