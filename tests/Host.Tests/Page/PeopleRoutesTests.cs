using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Page;
using IterativeDpo.Judging.People;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Tests.Page;

public sealed class PeopleRoutesTests : IAsyncDisposable
{
    private static readonly PageToken[] s_tokens =
    [
        new(PageRole.Reader, null, "reader-0123456789abcdef"),
        new(PageRole.Judge, "anna", "anna-0123456789abcdef"),
        new(PageRole.Judge, null, "judge-0123456789abcdef"),
    ];

    private readonly MadeCampaign _campaign = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private WebApplication? _app;

    public PeopleRoutesTests() =>
        Queue.Add(
            new[] { "1", "2" }.Select(id => new PeopleTask(
                id,
                "people",
                1,
                "p0",
                null,
                "Which?",
                0,
                1,
                MadeCampaign.Hostile,
                "plain",
                true,
                1,
                7,
                DateTimeOffset.UtcNow)));

    /// <summary>As it is on the disk now.</summary>
    private PeopleQueue Queue => new(CampaignReader.PeoplePath(_campaign.StatePath), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
        _http.Dispose();
        _campaign.Dispose();
    }

    [Fact]
    public async Task Verdict_ofATypedName_isRecorded_andTheNextIsShown()
    {
        var page = await StartAsync();
        Assert.Contains("Who judges?", (await GetAsync(page, null)).Text, StringComparison.Ordinal);
        var named = await PostAsync(page, "/people/name", new() { ["name"] = "Åse O'Neil" });
        Assert.Equal(HttpStatusCode.SeeOther, named.StatusCode);
        var cookie = Assert.Single(named.Headers.GetValues("Set-Cookie"));
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        var name = cookie[..cookie.IndexOf(';', StringComparison.Ordinal)];

        var shown = (await GetAsync(page, null, name)).Text;
        Assert.Contains("&lt;script&gt;", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown);
        // Who answered is on it nowhere.
        Assert.DoesNotContain("p0", shown, StringComparison.Ordinal);
        var answer = await PostAsync(page, "/people/verdict", Form("1", "Åse O'Neil"), cookie: name);

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var verdict = Assert.Single(Queue.Find("1")!.Verdicts);
        Assert.Equal(("Åse O'Neil", PeopleAnswer.A), (verdict.Person, verdict.Answer));
        Assert.InRange(verdict.Seconds!.Value, 1.9, 60);
        Assert.Contains("data-task=\"2\"", (await GetAsync(page, null, name)).Text, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(page, "/people/undo", [], cookie: name)).StatusCode);
        Assert.Contains("data-task=\"1\"", (await GetAsync(page, null, name)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_withAName_isTheName_andNobodyElseTakesIt()
    {
        var page = await StartAsync(s_tokens);

        Assert.Equal(
            HttpStatusCode.SeeOther,
            (await PostAsync(page, "/people/verdict", Form("1", "anna"), "anna-0123456789abcdef", "dpo-person=ben")).StatusCode);

        Assert.Equal("anna", Assert.Single(Queue.Find("1")!.Verdicts).Person);
        Assert.Contains("Your token may read", (await GetAsync(page, "reader-0123456789abcdef")).Text, StringComparison.Ordinal);
        Assert.Contains(
            "is the name of somebody",
            await RefusedAsync(page, "/people/name", new() { ["name"] = "Anna" }, "judge-0123456789abcdef"),
            StringComparison.Ordinal);
        Assert.Contains(
            "no other can be taken",
            await RefusedAsync(page, "/people/name", new() { ["name"] = "ben" }, "anna-0123456789abcdef"),
            StringComparison.Ordinal);
        // A cookie with a token's name is nobody's.
        Assert.Contains("Who judges?", (await GetAsync(page, "judge-0123456789abcdef", "dpo-person=anna")).Text, StringComparison.Ordinal);
    }

    /// <summary>Each with a clear answer, and nothing counts.</summary>
    [Theory]
    [InlineData("gone", "a", 2, "this comparison is not there any more")]
    [InlineData("1", "a", 2, "somebody else has judged this comparison meanwhile")]
    [InlineData("2", "maybe", 2, "this is no verdict")]
    [InlineData("2", "undo", 2, "this is no verdict")]
    [InlineData("2", "3", 2, "this is no verdict")]
    [InlineData("2", "a", 86400, "shown more than 12 hours ago")]
    [InlineData("2", "a", -5, "shown more than 12 hours ago")]
    [InlineData("../../campaign.json", "a", 2, "this comparison is not there any more")]
    public async Task Verdict_thatCannotCount_isRefusedInWords(string task, string answer, int secondsAgo, string reason)
    {
        var page = await StartAsync();
        Queue.Judge(new("1", "ben", PeopleAnswer.A, 0, 1, DateTimeOffset.UtcNow));
        var before = Queue.Count();

        var text = await RefusedAsync(page, "/people/verdict", Form(task, "anna", answer, secondsAgo), cookie: "dpo-person=anna");

        Assert.Contains($"Not counted: ", text, StringComparison.Ordinal);
        Assert.Contains(reason, WebUtility.HtmlDecode(text), StringComparison.Ordinal);
        Assert.Equal(before, Queue.Count());
    }

    [Fact]
    public async Task Verdict_twice_orOfAnotherOrder_isRefused()
    {
        var page = await StartAsync();
        var form = Form("1", "anna");
        var other = form.ToDictionary();
        other["shown_first"] = form["shown_first"] == "0" ? "1" : "0";

        Assert.Contains(
            "shown to somebody else",
            await RefusedAsync(page, "/people/verdict", other, cookie: "dpo-person=anna"),
            StringComparison.Ordinal);
        Assert.Contains("say first who you are", await RefusedAsync(page, "/people/verdict", form), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(page, "/people/verdict", form, cookie: "dpo-person=anna")).StatusCode);
        Assert.Contains(
            "has judged this comparison already",
            await RefusedAsync(page, "/people/verdict", form, cookie: "dpo-person=anna"),
            StringComparison.Ordinal);
    }

    /// <summary>Two people at once on one task: one counts, the other is told.</summary>
    [Fact]
    public async Task Verdicts_ofManyAtOnce_countOnce()
    {
        var page = await StartAsync();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => PostAsync(page, "/people/verdict", Form("1", $"p{i}"), cookie: $"dpo-person=p{i}")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.SeeOther);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
        Assert.Single(Queue.Find("1")!.Verdicts);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 303)]
    [InlineData("X-Nothing", "1", 303)]
    public async Task Form_ofAnotherSite_isRefused(string header, string value, int status)
    {
        var page = await StartAsync();

        Assert.Equal(
            status,
            (int)
                (await PostAsync(page, "/people/verdict", Form("1", "anna"), cookie: "dpo-person=anna", header: (header, value))).StatusCode
        );
        Assert.Equal(status == 303 ? 1 : 0, Queue.Count().Verdicts);
    }

    [Theory]
    [InlineData("nobody-0123456789abcdef", 401)]
    [InlineData("anna-0123456789abcdeF", 401)]
    [InlineData("reader-0123456789abcdef", 403)]
    [InlineData("judge-0123456789abcdef", 303)]
    public async Task Token_thatIsForgedOrOfAnotherRole_isRefused(string token, int status)
    {
        var page = await StartAsync(s_tokens);

        Assert.Equal(status, (int)(await PostAsync(page, "/people/verdict", Form("1", "ben"), token, "dpo-person=ben")).StatusCode);
    }

    [Theory]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000000", 413)]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nffffff", 411)]
    [InlineData("Content-Type: application/json\r\nContent-Length: 2", 415)]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\nOrigin: http://evil.example", 403)]
    public async Task Body_thatIsNoShortForm_isRefusedBeforeItIsRead(string headers, int status)
    {
        var page = await StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(page.Host, page.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /people/verdict HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reader = new StreamReader(stream);

        Assert.StartsWith($"HTTP/1.1 {status} ", await reader.ReadToEndAsync(limit.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\u001bb")]
    [InlineData("<b>")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Name_thatIsNone_isRefused(string name)
    {
        var page = await StartAsync();

        Assert.Contains(
            "a name has 1 to 64 letters",
            await RefusedAsync(page, "/people/name", new() { ["name"] = name }),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_tellsWhatWaits()
    {
        var page = await StartAsync();
        Queue.Judge(new("1", "anna", PeopleAnswer.A, 0, 2.5, DateTimeOffset.UtcNow));
        await Task.Delay(500);

        var told = JsonDocument.Parse(await _http.GetStringAsync(new Uri(page, "/api/people"))).RootElement;

        Assert.Equal(1, told.GetProperty("counts").GetProperty("awaited").GetInt32());
        Assert.Equal(2.5, told.GetProperty("figures").GetProperty("people")[0].GetProperty("median_seconds").GetDouble());
        Assert.Contains(
            "Waiting for people: 1 comparison",
            JsonDocument
                .Parse(await _http.GetStringAsync(new Uri(page, "/api/campaign")))
                .RootElement.GetProperty("warnings")[0]
                .GetString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789abcdef", "Reader  0123456789abcdef")]
    [InlineData(
        "# whose\noperator 0123456789abcdef\njudge 1123456789abcdef Anna B.\n",
        "Operator  0123456789abcdef; Judge Anna B. 1123456789abcdef")]
    public void Tokens_areALineEach(string text, string expected) =>
        Assert.Equal(expected, string.Join("; ", PageToken.Parse(text, "t").Select(token => $"{token.Role} {token.Person} {token.Token}")));

    [Theory]
    [InlineData("boss 0123456789abcdef", "t, line 1: write TOKEN alone")]
    [InlineData("2 0123456789abcdef", "t, line 1: write TOKEN alone")]
    [InlineData("\njudge short", "t, line 2: a token is 16")]
    [InlineData("judge 0123456789abcdef <b>", "t, line 1: a name has")]
    [InlineData("0123456789abcdef\njudge 0123456789abcdef", "t, line 2: this token is there twice")]
    public void Tokens_thatAreNone_areNamed(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<UserInputException>(() => PageToken.Parse(text, "t")).Message, StringComparison.Ordinal);

    private Dictionary<string, string> Form(string task, string person, string answer = "a", int secondsAgo = 2) => new()
    {
        ["task"] = task,
        ["shown_first"] = $"{(Queue.Find(task) is { Task: var known } ? known.FirstShownTo(person) : 0)}",
        ["shown_at"] = $"{DateTimeOffset.UtcNow.AddSeconds(-secondsAgo).ToUnixTimeMilliseconds()}",
        ["answer"] = answer,
    };

    private async Task<Uri> StartAsync(params PageToken[] tokens)
    {
        _app = await PageServer.StartAsync(
            new(new(IPAddress.Loopback, 0), tokens, true),
            new PageData(new CampaignFeed(_campaign.StatePath, TimeProvider.System)));
        return new(_app.Urls.First());
    }

    private async Task<(HttpStatusCode Status, string Text)> GetAsync(Uri page, string? token, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(page, "/people"));
        Sign(request, token, cookie);
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> PostAsync(
        Uri page,
        string path,
        Dictionary<string, string> form,
        string? token = null,
        string? cookie = null,
        (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(page, path)) { Content = new FormUrlEncodedContent(form) };
        Sign(request, token, cookie);
        if (header is { } more)
        {
            request.Headers.Add(more.Name, more.Value);
        }
        return await _http.SendAsync(request);
    }

    private async Task<string> RefusedAsync(
        Uri page,
        string path,
        Dictionary<string, string> form,
        string? token = null,
        string? cookie = null)
    {
        using var answer = await PostAsync(page, path, form, token, cookie);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static void Sign(HttpRequestMessage request, string? token, string? cookie)
    {
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }
    }
}
