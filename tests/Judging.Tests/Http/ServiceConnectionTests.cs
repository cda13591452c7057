using System.Net;
using System.Net.Sockets;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

/// <summary>Whether a service is there, and what becomes of its key.</summary>
public sealed class ServiceConnectionTests : IDisposable
{
    private const string Key = "sk-very/secret+0123";

    private readonly TemporaryDirectory _directory = new();

    // Of this test alone: tests run side by side.
    private readonly string _variable = $"JUDGE_KEY_{Path.GetRandomFileName()[..8]}";

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(405)]
    public async Task CheckAsync_ofAServiceThatIsThere_isContent(int status)
    {
        using var fake = new FakeService(new FakeReply(status, ""));
        await using var service = Service(ServiceSettings.Of(fake.Url));

        await service.CheckAsync(CancellationToken.None);

        Assert.StartsWith("GET /v1/models ", Assert.Single(fake.Requests).Head, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory.Root));
    }

    [Theory]
    [InlineData(401, "it does not take the key. Put the right one into the environment variable JUDGE_KEY")]
    [InlineData(503, "Start the service or wait until it is ready, or correct judges.gpt.url.")]
    [InlineData(400, "or correct judges.gpt.url.")]
    public async Task CheckAsync_ofAServiceThatRefuses_saysWhatToDo(int status, string remedy)
    {
        Environment.SetEnvironmentVariable(_variable, Key);
        using var fake = new FakeService(new FakeReply(status, "no"));
        await using var service = Service(ServiceSettings.Of(fake.Url) with { KeyVariable = _variable });

        var error = await Assert.ThrowsAsync<UserInputException>(() => service.CheckAsync(CancellationToken.None));

        Assert.StartsWith($"judges.gpt: {fake.Url} answers {status} (no)", error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAsync_ofNoService_namesJudgeUrlAndWayOut()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)closed.LocalEndpoint).Port}/v1";
        closed.Stop();
        await using var service = Service(ServiceSettings.Of(url));

        var error = await Assert.ThrowsAsync<UserInputException>(() => service.CheckAsync(CancellationToken.None));

        Assert.StartsWith($"judges.gpt: {url} does not answer: Connection refused", error.Message, StringComparison.Ordinal);
        Assert.Contains("correct judges.gpt.url", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAsync_ofAServiceThatSpeaksNoTls_saysSo()
    {
        using var fake = new FakeService(new FakeReply(200, ""));
        await using var service = Service(ServiceSettings.Of(fake.Url.Replace("http:", "https:", StringComparison.Ordinal)));

        var error = await Assert.ThrowsAsync<UserInputException>(() => service.CheckAsync(CancellationToken.None));

        Assert.Contains("does not answer", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "there is no such environment variable")]
    [InlineData(" ", "there is no such environment variable")]
    [InlineData("two words", "is no key")]
    [InlineData("clé", "is no key")]
    public async Task CheckAsync_withoutAKey_namesTheVariable(string? key, string reason)
    {
        Environment.SetEnvironmentVariable(_variable, key);
        using var fake = new FakeService(new FakeReply(200, ""));
        await using var service = Service(ServiceSettings.Of(fake.Url) with { KeyVariable = _variable });

        var error = await Assert.ThrowsAsync<UserInputException>(() => service.CheckAsync(CancellationToken.None));

        Assert.Contains(_variable, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("words", error.Message, StringComparison.Ordinal);
        Assert.Empty(fake.Requests);
    }

    [Fact]
    public async Task SendAsync_sendsTheKeyAsBearer()
    {
        Environment.SetEnvironmentVariable(_variable, $"{Key}\n");
        using var fake = new FakeService(new FakeReply(200, ""));
        await using var service = Service(ServiceSettings.Of(fake.Url) with { KeyVariable = _variable });

        await service.CheckAsync(CancellationToken.None);

        Assert.Contains($"\r\nAuthorization: Bearer {Key}", fake.Requests[0].Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_ofEqualBodies_sendsTheSameIdempotencyKey()
    {
        using var fake = new FakeService(new FakeReply(200, ""));
        using var connection = new ServiceConnection("judges.gpt", ServiceSettings.Of(fake.Url), new JumpingTime());

        foreach (var body in new[] { "one", "two", "one" })
        {
            await connection.SendAsync("chat/completions", Encoding.UTF8.GetBytes(body), CancellationToken.None);
        }

        string[] keys = [.. fake.Requests.Select(request => request.Header("Idempotency-Key")!)];
        Assert.Equal(Digest.Of("one"u8).Hex, keys[0]);
        Assert.Equal(keys[0], keys[2]);
        Assert.NotEqual(keys[0], keys[1]);
    }

    [Fact]
    public async Task SendAsync_ofAServiceThatSaysTheKey_doesNotPassItOn()
    {
        Environment.SetEnvironmentVariable(_variable, Key);
        using var fake = new FakeService(
            new FakeReply(400, $$$"""{"error":{"message":"bad key {{{Key}}}"}}"""));
        await using var service = Service(ServiceSettings.Of(fake.Url) with { KeyVariable = _variable });

        var error = await Assert.ThrowsAnyAsync<Exception>(() =>
            service.AskAsync("one"u8.ToArray(), WantedAnswer.WholeText, CancellationToken.None));

        Assert.Contains("bad key ***", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", File.ReadAllText(_directory["judge-gpt.jsonl"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_withAShortKey_leavesAnswersAsTheyAre()
    {
        Environment.SetEnvironmentVariable(_variable, "4");
        using var fake = new FakeService(FakeService.Completion("Score: 4"));
        await using var service = Service(ServiceSettings.Of(fake.Url) with { KeyVariable = _variable });

        var (answer, _) = await service.AskAsync("one"u8.ToArray(), WantedAnswer.WholeText, CancellationToken.None);

        Assert.Equal("Score: 4", answer.Text);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(_variable, null);
        _directory.Dispose();
    }

    private ChatService Service(ServiceOptions options) =>
        new("judges.gpt", options, () => new LedgerFile(_directory["judge-gpt.jsonl"]), _ => { }, new JumpingTime());
}
