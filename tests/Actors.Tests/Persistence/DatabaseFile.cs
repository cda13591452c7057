using IterativeDpo.Actors.Persistence;

namespace IterativeDpo.Actors.Tests.Persistence;

/// <summary>A database file of the test's own, opened anew for each use.</summary>
internal sealed class DatabaseFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("database");

    public string Path => System.IO.Path.Combine(_directory.FullName, "campaign.db");

    public static StoredEvent Event(string persistenceId, long sequenceNr) =>
        new(persistenceId, sequenceNr, new StoredPayload(640, $"manifest {sequenceNr}", [1, 2, (byte)sequenceNr]));

    public void Use(Action<SqliteDatabase> use)
    {
        using var database = SqliteDatabase.Open(Path);
        use(database);
    }

    public T Use<T>(Func<SqliteDatabase, T> use)
    {
        using var database = SqliteDatabase.Open(Path);
        return use(database);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
