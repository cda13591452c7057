using System.Text;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Persistence;

namespace IterativeDpo.Actors.Tests.Persistence;

public sealed class LedgerDatabaseTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    private readonly DatabaseFile _file = new();

    public void Dispose() => _file.Dispose();

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Append_takesTheNextNumberOnly_andLogsStayApart(string database)
    {
        await using var ledger = Open(database);

        Assert.True(await AppendAsync(ledger, "numbers", 0, "a"));
        Assert.True(await AppendAsync(ledger, "numbers", 1, "b"));
        Assert.False(await AppendAsync(ledger, "numbers", 1, "other"));
        Assert.False(await AppendAsync(ledger, "numbers", 3, "too far"));
        Assert.True(await ledger.AppendAsync("numbers", "other-judge", 0, "c"u8.ToArray(), default));
        Assert.True(await AppendAsync(ledger, "other-campaign", 0, "d"));

        Assert.Equal(["a", "b"], await ReadAsync(ledger, "numbers", 0));
        Assert.Equal(["b"], await ReadAsync(ledger, "numbers", 1));
        Assert.Empty(await ReadAsync(ledger, "numbers", 2));
    }

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Append_byThreeCoordinatorsAtOnce_thatHaveJustStarted_givesEachNumberToOne(string database)
    {
        LedgerDatabase[] coordinators = [.. Enumerable.Range(0, 3).Select(_ => Open(database))];

        var added = await Task.WhenAll(coordinators.Select(coordinator => Task.Run(async () =>
        {
            var mine = 0;
            for (var number = 0; number < 50; number++)
            {
                mine += await AppendAsync(coordinator, "race", number, $"{number}") ? 1 : 0;
            }
            return mine;
        })));

        Assert.Equal(50, added.Sum());
        Assert.Equal(Enumerable.Range(0, 50).Select(number => $"{number}"), await ReadAsync(coordinators[0], "race", 0));
        foreach (var coordinator in coordinators)
        {
            await coordinator.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Read_givesSoManyBytesAtOnce_andALongOneAlone(string database)
    {
        await using var ledger = Open(database);
        var half = new string('x', LedgerDatabase.MostPageBytes / 2);
        string[] entries = [half + "1", half, "3", half + half + "4", "5"];
        for (var number = 0; number < entries.Length; number++)
        {
            Assert.True(await AppendAsync(ledger, "pages", number, entries[number]));
        }

        Assert.Equal([1, 2, 1, 1], new[] { 0, 1, 3, 4 }.Select(from => ReadAsync(ledger, "pages", from).Result.Length));
    }

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Entries_outliveTheCoordinator(string database)
    {
        await using (var first = Open(database))
        {
            await AppendAsync(first, "failover", 0, "a");
        }
        if (database != "SQLite")
        {
            // As a crash would: what it has acknowledged is on its disk.
            postgres.Kill();
            postgres.Start();
        }

        await using var second = Open(database);

        Assert.Equal(["a"], await ReadAsync(second, "failover", 0));
    }

    [Fact]
    public async Task Append_whereNoDatabaseAnswers_isTroubleOfTheNode()
    {
        await using var ledger = LedgerDatabase.PostgreSql(new Uri("postgres://dpo@127.0.0.1:1/dpo"));

        var error = await Assert.ThrowsAsync<NodeTroubleException>(() => AppendAsync(ledger, "away", 0, "a"));

        Assert.StartsWith("the ledger's database: ", error.Message, StringComparison.Ordinal);
    }

    private static Task<bool> AppendAsync(LedgerDatabase ledger, string campaign, long number, string entry) =>
        ledger.AppendAsync(campaign, "gpt", number, Encoding.UTF8.GetBytes(entry), default);

    private static async Task<string[]> ReadAsync(LedgerDatabase ledger, string campaign, long from) =>
        [.. (await ledger.ReadAsync(campaign, "gpt", from, default)).Select(Encoding.UTF8.GetString)];

    private LedgerDatabase Open(string database)
    {
        if (database != "SQLite")
        {
            return LedgerDatabase.PostgreSql(postgres.Start());
        }
        CampaignDatabase.Prepare(_file.Path);
        return LedgerDatabase.Sqlite(_file.Path);
    }
}
