using Akka.Configuration;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IterativeDpo.Actors.Persistence;

/// <summary>Where Akka.Persistence.Sql keeps events and snapshots: settings that go over those in <c>akka.conf</c>.</summary>
internal static class JournalSettings
{
    /// <summary>A campaign's own file, made by <see cref="CampaignDatabase.Prepare"/>.</summary>
    public static Config Sqlite(string path) => Of("SQLite.MS", SqliteConnectionString(path), makesTables: false);

    /// <summary>Closes the file, whose connections are kept for reuse. Nobody may be using it any more.</summary>
    public static void CloseSqlite(string path)
    {
        using var connection = new SqliteConnection(SqliteConnectionString(path));
        SqliteConnection.ClearPool(connection);
    }

    /// <summary>A server that several nodes share; tables are made where there are none.</summary>
    /// <param name="address">As <c>postgres://user:password@host:5432/database</c>.</param>
    public static Config PostgreSql(Uri address) => Of("PostgreSQL.15", PostgreSqlConnectionString(address), makesTables: true);

    /// <summary>What a server has of a persistent entity, in order.</summary>
    public static IReadOnlyList<StoredPayload> ReadEvents(Uri address, string persistenceId)
    {
        using var source = NpgsqlDataSource.Create(PostgreSqlConnectionString(address));
        using var command = source.CreateCommand(
            "SELECT sequence_number, manifest, message FROM journal WHERE persistence_id = $1 AND NOT deleted ORDER BY sequence_number");
        command.Parameters.Add(new() { Value = persistenceId });
        try
        {
            using var row = command.ExecuteReader();
            var events = new List<StoredPayload>();
            while (row.Read())
            {
                events.Add(new(row.GetInt64(0), row.GetString(1), row.GetFieldValue<byte[]>(2)));
            }
            return events;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return [];
        }
    }

    public static string PostgreSqlConnectionString(Uri address)
    {
        string[] login = [.. address.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)];
        return new NpgsqlConnectionStringBuilder
        {
            Host = address.Host,
            Port = address.IsDefaultPort ? NpgsqlConnection.DefaultPort : address.Port,
            Username = login[0],
            Password = login.ElementAtOrDefault(1),
            Database = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')),
        }.ToString();
    }

    public static string SqliteConnectionString(string path) => CampaignDatabase.ConnectionString(path, SqliteOpenMode.ReadWrite);

    private static Config Of(string provider, string connection, bool makesTables)
    {
        var settings =
            $$"""
            sql {
              provider-name = "{{provider}}"
              connection-string = "{{connection.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}}"
              auto-initialize = {{(makesTables ? "on" : "off")}}
            }
            """;
        return ConfigurationFactory.ParseString(
            $$"""
            akka.persistence.journal { {{settings}} }
            akka.persistence.snapshot-store { {{settings}} }
            """);
    }
}
