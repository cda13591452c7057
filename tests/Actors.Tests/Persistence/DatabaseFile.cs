using IterativeDpo.Actors.Persistence;
using Microsoft.Data.Sqlite;

namespace IterativeDpo.Actors.Tests.Persistence;

/// <summary>A campaign's database in a folder of the test's own.</summary>
internal sealed class DatabaseFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("database");

    public string Path => System.IO.Path.Combine(_directory.FullName, "campaign.db");

    public void Run(string sql) => Run(Path, sql);

    public object? Ask(string sql) => Use(Path, sql, command => command.ExecuteScalar());

    public static void Run(string path, string sql) => Use(path, sql, command => command.ExecuteNonQuery());

    public void Dispose()
    {
        JournalSettings.CloseSqlite(Path);
        _directory.Delete(recursive: true);
    }

    private static T Use<T>(string path, string sql, Func<SqliteCommand, T> use)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return use(command);
    }
}
