using System.Collections.Concurrent;
using System.Net;
using System.Text;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Tests.Blobs;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Host.Tests.Nodes;

public sealed class LedgerRoutesTests : IAsyncLifetime, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ledger-test-");
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ConcurrentQueue<string> _notes = [];
    private LedgerDatabase _database = null!;
    private LoopbackServer _server = null!;

    public async Task InitializeAsync()
    {
        // An empty file is an empty database.
        var path = Path.Combine(_directory.FullName, "campaigns.db");
        await File.WriteAllBytesAsync(path, []);
        _database = LedgerDatabase.Sqlite(path);
        _server = await LoopbackServer.StartAsync(application => application.MapLedger(() => _database));
        _http.BaseAddress = _server.Address;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    public void Dispose()
    {
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Ledger_byTwoNodes_refusesWhoDoesNotKnowAll_andGivesWhatIsMissing()
    {
        var (one, two) = (Ledger("one"), Ledger("two"));
        CallEntry[] entries =
        [
            new("q", By: "one"),
            new("q", new ChatAnswer("ja, \"süß\"\n", [new TokenLogprob("A", -0.25)], 10, 2), By: "one"),
            new("r", Failure: "busy", Refused: true, By: "two"),
        ];

        Assert.Empty(await one.AppendAsync(0, entries[0], default));
        Assert.Empty(await one.AppendAsync(1, entries[1], default));
        Assert.Equivalent(entries[..2], await two.AppendAsync(0, entries[2], default), strict: true);
        Assert.Empty(await two.AppendAsync(2, entries[2], default));

        Assert.Equivalent(entries, await one.ReadAsync(0, default), strict: true);
        Assert.Empty(await one.ReadAsync(3, default));
        Assert.Empty(await Ledger("one", judge: "other").ReadAsync(0, default));
    }

    [Theory]
    [InlineData("/ledger/c/gpt/0", """{"request":"q"}""", HttpStatusCode.Created)]
    [InlineData("/ledger/c/gpt/1", """{"request":"q"}""", HttpStatusCode.Conflict)]
    [InlineData("/ledger/a%2Fb/gpt/0", """{"request":"q"}""", HttpStatusCode.BadRequest)]
    [InlineData("/ledger/c/.hidden/0", """{"request":"q"}""", HttpStatusCode.BadRequest)]
    [InlineData("/ledger/c/gpt/-1", """{"request":"q"}""", HttpStatusCode.BadRequest)]
    [InlineData("/ledger/c/gpt/99999999999999999999", """{"request":"q"}""", HttpStatusCode.BadRequest)]
    [InlineData("/ledger/c/gpt/0", "", HttpStatusCode.BadRequest)]
    [InlineData("/ledger/c/gpt/0", "rubbish", HttpStatusCode.BadRequest)]
    [InlineData("/ledger/c/gpt/0", "{\"request\":\n\"q\"}", HttpStatusCode.BadRequest)]
    public async Task Put_isAnsweredByWhatItIs(string path, string body, HttpStatusCode status)
    {
        using var response = await PutAsync(path, body);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.Created ? 1 : 0, (await _database.ReadAsync("c", "gpt", 0, default)).Count);
    }

    [Theory]
    [InlineData("/ledger/c/.hidden")]
    [InlineData("/ledger/c/gpt?after=x")]
    public async Task Get_ofNoName_isRefused(string path)
    {
        using var response = await _http.GetAsync(new Uri(_server.Address, path));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData(0, HttpStatusCode.Created)]
    [InlineData(1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Put_ofAnEntryOverTheLimit_isRefused(int more, HttpStatusCode status)
    {
        var empty = """{"request":""}""";
        using var response = await PutAsync(
            "/ledger/c/gpt/0",
            $$"""{"request":"{{new string('x', ILedger.MostSharedBytes - empty.Length + more)}}"}""");

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Ledger_ofANodeThatIsNoCoordinator_isNotThere()
    {
        await using var worker = await LoopbackServer.StartAsync(application => application.MapLedger(() => null));

        using var response = await _http.GetAsync(new Uri(worker.Address, "/ledger/c/gpt"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Ledger_whoseCoordinatorsAreAway_isAppendedToOnceOneIsBack()
    {
        await using var broken = await LoopbackServer.StartAsync(context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        Uri[] coordinators = [broken.Address];
        var ledger = new ClusterLedger(() => coordinators, _http, "c", "gpt", "one", _notes.Enqueue, TimeProvider.System);

        var added = ledger.AppendAsync(0, new CallEntry("q", By: "one"), default);
        while (_notes.IsEmpty)
        {
            await Task.Delay(20);
        }
        Assert.False(added.IsCompleted);
        coordinators = [broken.Address, _server.Address];

        Assert.Empty(await added);
        Assert.Equal("q", Assert.Single(await ledger.ReadAsync(0, default)).Request);
        Assert.Contains(
            "campaign c: no coordinator keeps what judge gpt asks and is answered (",
            Assert.Single(_notes),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ledger_thatHasLostEntries_saysSo()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Ledger("one").AppendAsync(5, new CallEntry("q", By: "one"), default));

        Assert.Contains("has lost entries", error.Message, StringComparison.Ordinal);
    }

    private ClusterLedger Ledger(string writer, string judge = "gpt") =>
        new(() => [_server.Address], _http, "c", judge, writer, _notes.Enqueue, TimeProvider.System);

    private async Task<HttpResponseMessage> PutAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _http.PutAsync(new Uri(_server.Address, path), content);
    }
}
