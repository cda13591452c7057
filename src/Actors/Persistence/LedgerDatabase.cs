using System.Data.Common;
using IterativeDpo.Actors.Nodes;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IterativeDpo.Actors.Persistence;

/// <summary>
/// What the judges of a cluster asked services and were answered, in the coordinators' database: for each judge of a campaign a log of
/// entries, numbered from 0. Who of two gets a number is decided by the table's key, whichever coordinators they ask. An entry is durable
/// before it is said to be there. Any number of callers at once.
/// </summary>
public sealed class LedgerDatabase : IAsyncDisposable
{
    /// <summary>The most bytes of entries that are given at once, but for the first.</summary>
    public const int MostPageBytes = 4 << 20;

    private const int MostPageEntries = 1000;

    /// <summary>SQLite takes any type's name, and goes by the value.</summary>
    private const string Table =
        """
        CREATE TABLE IF NOT EXISTS ledger (
            campaign TEXT NOT NULL, judge TEXT NOT NULL, number BIGINT NOT NULL, entry BYTEA NOT NULL,
            PRIMARY KEY (campaign, judge, number))
        """;

    /// <summary>Of several that make a table of one name at a time PostgreSQL refuses all but one, IF NOT EXISTS or not.</summary>
    private const string OneAfterTheOther = "SELECT pg_advisory_xact_lock(4053019)";

    private readonly DbDataSource _database;
    private readonly bool _isServer;
    private volatile bool _isThere;

    private LedgerDatabase(DbDataSource database, bool isServer) => (_database, _isServer) = (database, isServer);

    /// <summary>In a file that <see cref="CampaignDatabase.Prepare"/> has made by the time it is asked.</summary>
    public static LedgerDatabase Sqlite(string path) =>
        new(SqliteFactory.Instance.CreateDataSource(JournalSettings.SqliteConnectionString(path)), isServer: false);

    /// <param name="address">See <see cref="JournalSettings.PostgreSql"/>.</param>
    public static LedgerDatabase PostgreSql(Uri address) =>
        new(NpgsqlDataSource.Create(JournalSettings.PostgreSqlConnectionString(address)), isServer: true);

    /// <summary>The entries from this number on, in order, perhaps not all at once: none where there are no more.</summary>
    /// <exception cref="NodeTroubleException">The database does not answer.</exception>
    public Task<IReadOnlyList<byte[]>> ReadAsync(string campaign, string judge, long from, CancellationToken cancellationToken) =>
        UseAsync<IReadOnlyList<byte[]>>(
        async connection =>
        {
            await using var command = Command(
                connection,
                $"SELECT entry FROM ledger WHERE campaign = @campaign AND judge = @judge AND number >= @number ORDER BY number LIMIT {MostPageEntries}",
                ("campaign", campaign), ("judge", judge), ("number", from));
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var (page, bytes) = (new List<byte[]>(), 0);
            while (await row.ReadAsync(cancellationToken))
            {
                var entry = row.GetFieldValue<byte[]>(0);
                if (page.Count > 0 && bytes + entry.Length > MostPageBytes)
                {
                    break;
                }
                page.Add(entry);
                bytes += entry.Length;
            }
            return page;
        },
        cancellationToken);

    /// <summary>Puts an entry where this number is the next one.</summary>
    /// <returns>Whether it is there now; if not, the number is taken, or there are fewer entries.</returns>
    /// <exception cref="NodeTroubleException">The database does not answer: whether the entry is there, nobody knows.</exception>
    public Task<bool> AppendAsync(string campaign, string judge, long number, byte[] entry, CancellationToken cancellationToken) =>
        UseAsync(
        async connection =>
        {
            await using var command = Command(
                connection,
                """
                INSERT INTO ledger (campaign, judge, number, entry) SELECT @campaign, @judge, @number, @entry
                WHERE @number = 0 OR EXISTS (SELECT 1 FROM ledger WHERE campaign = @campaign AND judge = @judge AND number = @number - 1)
                ON CONFLICT DO NOTHING
                """,
                ("campaign", campaign), ("judge", judge), ("number", number), ("entry", entry));
            return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        },
        cancellationToken);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task<T> UseAsync<T>(Func<DbConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _database.OpenConnectionAsync(cancellationToken);
            if (!_isThere)
            {
                await MakeTableAsync(connection, cancellationToken);
                _isThere = true;
            }
            return await use(connection);
        }
        catch (DbException e)
        {
            throw new NodeTroubleException($"the ledger's database: {CampaignDatabase.CauseOf(e)}");
        }
    }

    private async Task MakeTableAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (var sql in _isServer ? [OneAfterTheOther, Table] : new[] { Table })
        {
            await using var command = Command(connection, sql);
            command.Transaction = transaction;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
    }

    private static DbCommand Command(DbConnection connection, string sql, params (string Name, object Value)[] arguments)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in arguments)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
        return command;
    }
}
