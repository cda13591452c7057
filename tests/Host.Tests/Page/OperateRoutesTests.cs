using System.Net;
using System.Net.Http.Headers;
using IterativeDpo.Actors;
using IterativeDpo.Host.Page;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Tests.Page;

public sealed class OperateRoutesTests : IAsyncDisposable
{
    private const string Operator = "operator-0123456789abcdef", Judge = "judge-0123456789abcdef";

    private readonly MadeCampaign _campaign = new();
    private readonly CampaignFeed _feed;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private WebApplication? _app;

    public OperateRoutesTests() => _feed = new(_campaign.StatePath, TimeProvider.System);

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
    public async Task Command_isAskedAboutFirst_andNothingIsDoneByReading()
    {
        var page = await StartAsync(new PageToken(PageRole.Operator, "ops", Operator));

        Assert.Contains("Rounds in all", (await GetAsync(page, "/operate", Operator)).Text, StringComparison.Ordinal);
        var (status, text) = await GetAsync(page, "/operate/confirm?command=rounds&rounds=9", Operator);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Raise the number of rounds from 4 to 9.", text, StringComparison.Ordinal);
        Assert.Contains(
            "<form class=\"verdict\" method=\"post\" action=\"/operate\"><input type=\"hidden\" name=\"command\" value=\"rounds\"><input type=\"hidden\" name=\"rounds\" value=\"9\">",
            text,
            StringComparison.Ordinal);
        Assert.Equal(4, _feed.Now().State.Plan!.Rounds);
    }

    [Theory]
    [InlineData("command=rounds&rounds=4", "it has 4 rounds; say a number above that")]
    [InlineData("command=rounds&rounds=-9", "it has 4 rounds; say a number above that")]
    [InlineData("command=resume", "it is running")]
    [InlineData("command=budget&judge=verifier&calls=5", "no judge of this name asks a service")]
    [InlineData("command=pause&reason=a%0Ab", "a reason has 200 signs at most")]
    [InlineData("command=cancel", "there is no such command")]
    [InlineData("", "there is no such command")]
    public async Task Command_thatCannotBeGiven_isRefusedInWords(string query, string reason)
    {
        var page = await StartAsync(new PageToken(PageRole.Operator, null, Operator));

        var (status, text) = await GetAsync(page, $"/operate/confirm?{query}", Operator);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(reason, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ofAnotherRole_isRefused()
    {
        var page = await StartAsync(new PageToken(PageRole.Judge, null, Judge), new(PageRole.Operator, null, Operator));

        Assert.Contains("This takes the token of an operator", (await GetAsync(page, "/operate", Judge)).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await GetAsync(page, "/operate/confirm?command=pause", Judge)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(page, Judge, 0));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(page, "forged-0123456789abcdef", 0));
    }

    /// <summary>Whoever reaches a page without tokens, on this machine, may judge and not command.</summary>
    [Fact]
    public async Task Command_withoutTokens_isRefused()
    {
        var page = await StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(page, null, 0));
    }

    [Fact]
    public async Task Command_ofAFormThatWasLeftOpen_orOfNoRun_isRefused()
    {
        var page = await StartAsync(new PageToken(PageRole.Operator, null, Operator));

        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(page, Operator, 24));
        // The campaign of these tests is run by nobody.
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(page, Operator, 0));
        Assert.Equal(4, _feed.Now().State.Plan!.Rounds);
    }

    private async Task<Uri> StartAsync(params PageToken[] tokens)
    {
        _feed.Report(new(_feed.Now().State, null));
        _app = await PageServer.StartAsync(
            new(new(IPAddress.Loopback, 0), tokens, true),
            new PageData(_feed) { Control = new CampaignControl() });
        return new(_app.Urls.First());
    }

    private async Task<(HttpStatusCode Status, string Text)> GetAsync(Uri page, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(page, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<HttpStatusCode> PostAsync(Uri page, string? token, int hoursAgo)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(page, "/operate"))
        {
            Content = new FormUrlEncodedContent(
                new Dictionary<string, string>
                {
                    ["command"] = "pause",
                    ["shown_at"] = $"{DateTimeOffset.UtcNow.AddHours(-hoursAgo).ToUnixTimeMilliseconds()}",
                }),
        };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }
}
