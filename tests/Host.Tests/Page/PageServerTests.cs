using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Page;

namespace IterativeDpo.Host.Tests.Page;

public sealed class PageServerTests : IAsyncDisposable
{
    private const string Token = "0123456789abcdef0123";

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly List<MadeCampaign> _campaigns = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
        _campaigns.ForEach(campaign => campaign.Dispose());
        _http.Dispose();
    }

    [Theory]
    [InlineData("/", "Held-out accuracy")]
    [InlineData("/rounds/1", "Samples by score")]
    [InlineData("/rounds/3", "Not evaluated yet")]
    [InlineData("/pairs", "4 of 4 pairs")]
    [InlineData("/pairs?task=reverse", "2 of 4 pairs")]
    [InlineData("/pairs/2:p0:0:1", "What made it")]
    [InlineData("/judges", "judges the samples and grades the held-out answers")]
    [InlineData("/log", "Round 2 ended: it is kept.")]
    public async Task Page_showsItsPart_withoutAScript(string path, string text)
    {
        var server = await StartAsync();

        var (status, html) = await GetAsync(server, path);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(text, html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)(src|href)=\"https?:|\\son[a-z]+=|style=\"", html);
    }

    [Theory]
    [InlineData("/pairs")]
    [InlineData("/pairs/1:p1:0:1")]
    [InlineData("/pairs?contains=%3Cscript%3Ealert('pwned')")]
    public async Task Text_ofAModel_isText(string path)
    {
        var server = await StartAsync();

        var (_, html) = await GetAsync(server, path);

        Assert.Contains("&lt;script&gt;alert", html.Replace("<mark>", "").Replace("</mark>", ""), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', html);
        Assert.DoesNotContain('\u202e', html);
    }

    [Theory]
    [InlineData("/nothing", 404)]
    [InlineData("/../../etc/passwd", 404)]
    [InlineData("/%2e%2e/%2e%2e/campaign.json", 404)]
    [InlineData("/pairs/..%2f..%2fcampaign.json", 404)]
    [InlineData("/rounds/99", 404)]
    [InlineData("/rounds/-1", 404)]
    [InlineData("/pairs/9:p0:0:1", 404)]
    [InlineData("/pairs?round=x", 400)]
    [InlineData("/pairs?min_margin=NaN", 400)]
    [InlineData("/api/rounds/x", 400)]
    [InlineData("/api/rounds?size=1000000", 400)]
    [InlineData("/api/pairs?sort=worst", 400)]
    [InlineData("/api/rounds/99", 404)]
    public async Task Address_thatLeadsNowhere_isAnsweredInWords(string path, int status)
    {
        var server = await StartAsync();

        var answer = await SendRawAsync(server, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\"model\"", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("localhost:1234", 200)]
    [InlineData("[::1]", 200)]
    public async Task Host_thatIsNotThisMachine_isRefused(string host, int status)
    {
        var server = await StartAsync();

        Assert.StartsWith(
            $"HTTP/1.1 {status} ",
            await SendRawAsync(server, $"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n", 405)]
    [InlineData("DELETE /api/campaign HTTP/1.1\r\nHost: localhost\r\n\r\n", 405)]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n", 413)]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", 413)]
    public async Task Request_thatIsNoReading_isRefusedAndTheConnectionClosed(string request, int status)
    {
        var server = await StartAsync();

        Assert.StartsWith($"HTTP/1.1 {status} ", await SendRawAsync(server, request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_hasHeadersThatLetNothingElseRun()
    {
        var server = await StartAsync();

        using var answer = await _http.GetAsync(new Uri(server, "/"));

        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Token_isAskedFor_asBearerOrPassword_andTooManyGuessesAreRefused()
    {
        var server = await StartAsync(Token);

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(server, "/")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(server, "/api/campaign", new("Bearer", Token[..^1]))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(server, "/page.js", new("Basic", "%%%"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, "/", new("Bearer", Token))).Status);
        Assert.Equal(
            HttpStatusCode.OK,
            (await GetAsync(server, "/", new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Token}"))))).Status);
        Assert.DoesNotContain("test", (await GetAsync(server, "/")).Text, StringComparison.Ordinal);

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 40; i++)
        {
            statuses.Add((await GetAsync(server, "/", new("Bearer", $"guess number {i}"))).Status);
        }
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, "/", new("Bearer", Token))).Status);
    }

    [Theory]
    [InlineData("0.0.0.0:0", "wants a token")]
    [InlineData("10.1.2.3", "wants a token")]
    [InlineData("nonsense", "this is no address")]
    [InlineData("localhost:99999", "this is no address")]
    public void Address_thatIsOpenOrNone_isRefused(string address, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<UserInputException>(() => PageSettings.Of(address, null, isGiven: true)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Address_mayBeAPortAloneOrOff()
    {
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 9000), PageSettings.Of("9000", null, isGiven: true)!.At);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 8420), PageSettings.Of("::1", null, isGiven: true)!.At);
        Assert.Null(PageSettings.Of("off", null, isGiven: true));
    }

    [Fact]
    public void Token_thatIsShort_isRefused()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "short\n");

        Assert.Contains(
            "a token is 16",
            Assert.Throws<UserInputException>(() => PageSettings.Of("0.0.0.0:0", file, isGiven: true)).Message,
            StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Port_inUse_isRefusedWithTheWayOut()
    {
        var server = await StartAsync();

        var refusal = await Assert.ThrowsAsync<UserInputException>(() => StartAsync(port: server.Port));

        Assert.Contains("--page", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("any port that is free", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A campaign does not fail for want of the usual port.</summary>
    [Fact]
    public async Task Port_thatIsInUseAndWasNotAskedFor_leavesTheRunWithoutAPage()
    {
        var server = await StartAsync();
        using var campaign = new MadeCampaign();
        var notes = new List<string>();

        var page = await PageCommand.ServeAsync(
            new(new(IPAddress.Loopback, server.Port), [], IsGiven: false),
            new PageData(new CampaignFeed(campaign.StatePath, TimeProvider.System)),
            null,
            notes.Add);

        Assert.Null(page);
        Assert.StartsWith($"no page: 127.0.0.1:{server.Port} is in use", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trouble_isToldFirst()
    {
        var server = await StartAsync(more: new CampaignPaused("the disk is full. Free some space.", DateTimeOffset.UnixEpoch));

        var (_, html) = await GetAsync(server, "/");

        Assert.Contains("Paused: the disk is full. Free some space.", html, StringComparison.Ordinal);
        Assert.True(html.IndexOf("id=\"warnings\"", StringComparison.Ordinal) < html.IndexOf("id=\"accuracy\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Api_tellsWhatThePagesShow()
    {
        var server = await StartAsync();

        var campaign = await JsonAsync(server, "/api/campaign");
        Assert.Equal(("test", "stopped", 2, 4), (
            campaign.GetProperty("campaign").GetString(),
            campaign.GetProperty("status").GetString(),
            campaign.GetProperty("rounds_done").GetInt32(),
            campaign.GetProperty("rounds").GetInt32()));
        Assert.Contains("No process runs", campaign.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        var rounds = await JsonAsync(server, "/api/rounds?page=2&size=2");
        Assert.Equal(4, rounds.GetProperty("total").GetInt32());
        Assert.Equal(
            ["kept", "running"],
            rounds.GetProperty("items").EnumerateArray().Select(round => round.GetProperty("outcome").GetString()));
        Assert.Equal(0.7, rounds.GetProperty("items")[0].GetProperty("heldout_accuracy").GetDouble());
        Assert.Equal(3, (await JsonAsync(server, "/api/rounds/1/steps")).GetProperty("items").GetArrayLength());
        Assert.Equal(2, (await JsonAsync(server, "/api/rounds/1/scores")).GetProperty("scores")[0].GetProperty("samples").GetInt32());
        Assert.Equal("1:p0:0:1", (await JsonAsync(server, "/api/pairs/1:p0:0:1")).GetProperty("id").GetString());
        Assert.Equal("verifier", (await JsonAsync(server, "/api/judges")).GetProperty("judges")[0].GetProperty("name").GetString());
        Assert.Equal("test", (await JsonAsync(server, "/api/settings")).GetProperty("name").GetString());
        var log = (await JsonAsync(server, "/api/log?before=3&limit=5")).GetProperty("items");
        Assert.Equal(["CampaignStarted", "RoundStarted"], log.EnumerateArray().Select(item => item.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Api_isDescribed_everyPathOfIt()
    {
        var server = await StartAsync();

        var paths = (await JsonAsync(server, "/api/openapi.json"))
            .GetProperty("paths")
            .EnumerateObject()
            .Select(path => path.Name)
            .Order(StringComparer.Ordinal);

        Assert.Equal(
            [
                "/api/campaign",
                "/api/judges",
                "/api/log",
                "/api/pairs",
                "/api/pairs/{id}",
                "/api/people",
                "/api/rounds",
                "/api/rounds/{round}",
                "/api/rounds/{round}/scores",
                "/api/rounds/{round}/steps",
                "/api/settings",
            ],
            paths);
    }

    [Fact]
    public async Task Live_tellsOfWhatRunsInThisProcess()
    {
        using var campaign = new MadeCampaign();
        var feed = new CampaignFeed(campaign.StatePath, TimeProvider.System);
        await using var app = await PageServer.StartAsync(new(new(IPAddress.Loopback, 0), [], true), new PageData(feed));
        using var reader = new StreamReader(await _http.GetStreamAsync(new Uri(new Uri(app.Urls.First()), "/live")));
        Assert.Contains("stopped", await NextAsync(reader), StringComparison.Ordinal);

        feed.Report(new(feed.Now().State, null));

        var told = await NextAsync(reader);
        Assert.Contains("running", told, StringComparison.Ordinal);
        Assert.Contains("round 3/4: sampling and judging", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_tellsOfPages_thatComeWhenTheCampaignBegins()
    {
        using var campaign = new MadeCampaign();
        var feed = new CampaignFeed(campaign.StatePath, TimeProvider.System);
        await using var app = await PageServer.StartAsync(new(new(IPAddress.Loopback, 0), [], true), new PageData(feed));
        using var reader = new StreamReader(await _http.GetStreamAsync(new Uri(new Uri(app.Urls.First()), "/live")));
        Assert.DoesNotContain("/operate", NavigationIn(await NextAsync(reader)), StringComparison.Ordinal);

        feed.Report(new(feed.Now().State, null));

        Assert.Contains("/operate", NavigationIn(await NextAsync(reader)), StringComparison.Ordinal);

        static string NavigationIn(string told) =>
            JsonDocument.Parse(told["data: ".Length..]).RootElement.GetProperty("navigation").GetString()!;
    }

    private static async Task<string> NextAsync(StreamReader reader)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return line;
            }
        }
        throw new EndOfStreamException();
    }

    private async Task<Uri> StartAsync(string? token = null, int port = 0, params CampaignEvent[] more)
    {
        var campaign = new MadeCampaign(2, more);
        _campaigns.Add(campaign);
        var app = await PageServer.StartAsync(
            new(new(IPAddress.Loopback, port), token is null ? [] : [new(PageRole.Reader, null, token)], IsGiven: true),
            new PageData(new CampaignFeed(campaign.StatePath, TimeProvider.System)));
        _servers.Add(app);
        return new Uri(app.Urls.First());
    }

    private async Task<(HttpStatusCode Status, string Text)> GetAsync(Uri server, string path, AuthenticationHeaderValue? shown = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, path));
        request.Headers.Authorization = shown;
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<JsonElement> JsonAsync(Uri server, string path)
    {
        var (status, text) = await GetAsync(server, path);
        Assert.True(status == HttpStatusCode.OK, $"{path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task<string> SendRawAsync(Uri server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(limit.Token);
    }
}
