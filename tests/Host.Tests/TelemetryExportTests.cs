using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Tests.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace IterativeDpo.Host.Tests;

public sealed class NodeTelemetryTests : IDisposable
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("telemetry-test-");
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    public void Dispose()
    {
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Metrics_ofANode_areServedUnderItsTlsOnly()
    {
        var files = Certificates.Make(In("certificates"), "one", [], days: 1, force: false, TimeProvider.System);
        using var security = NodeSecurity.Load(files.Certificate);
        using var telemetry = TelemetryExport.Start(["prometheus"], "one");
        await using var server = await ServeAsync("node", telemetry, security.Secure);
        Telemetry.Sent(12);
        using var client = security.Client();
        var address = new Uri($"https://127.0.0.1:{new Uri(server.Urls.First()).Port}/metrics");

        var text = await client.GetStringAsync(address);

        Assert.Contains("# TYPE dpo_artifacts_sent_bytes_total counter", text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetStringAsync(address));
    }

    [Fact]
    public async Task Metrics_ofARun_areServedByItsPage_behindItsToken()
    {
        using var campaign = new MadeCampaign(1);
        using var telemetry = TelemetryExport.Start(["prometheus"], "one");
        const string Token = "a-token-that-is-long-enough";
        await using var page = await PageServer.StartAsync(
            new(s_any, [new(PageRole.Reader, null, Token)], IsGiven: true),
            new PageData(new CampaignFeed(campaign.StatePath, TimeProvider.System)),
            telemetry);
        Telemetry.Sent(12);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(page.Urls.First()), "/metrics"));
        request.Headers.Authorization = new("Bearer", Token);

        using var answer = await _http.SendAsync(request);
        using var refused = await _http.GetAsync(request.RequestUri);

        Assert.Contains(
            "# TYPE dpo_artifacts_sent_bytes_total counter",
            await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Metrics_ofARunWithoutAPage_areRefusedBeforeItStarts()
    {
        var parsed = RootCommands
            .Create()
            .Parse(["run", BundledFiles.QuickstartCampaign, "--telemetry", "prometheus", "--page", "off", "--state", In("state")]);

        var error = await Assert.ThrowsAsync<UserInputException>(() => parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false }));

        Assert.Contains("--page is off", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(In("state")));
    }

    [Fact]
    public async Task Metrics_byDefault_areNotServed()
    {
        Assert.Null(TelemetryExport.Start([], "one"));
        await using var server = await ServeAsync("node", null, _ => { });

        using var response = await _http.GetAsync(new Uri(new Uri(server.Urls.First()), "/metrics"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Otlp_toACollector_hasFiguresAndTracesByOurNames()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = Collector(received);
        await collector.StartAsync();
        // Nobody else here reads these.
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First());
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        await using var holder = await ServeAsync("holder", null, _ => { });
        var digest = new ArtifactStore(In("holder")).Put(new byte[100]);

        using (TelemetryExport.Start(["otlp"], "worker-7"))
        {
            var blobs = new BlobClient(
                new ArtifactStore(In("taker")),
                _http,
                () => [new Uri(holder.Urls.First())],
                () => [],
                TimeProvider.System);
            await blobs.FetchAsync([digest], default);
        }

        Assert.Contains("dpo.artifacts.received", received["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains(digest.Hex, received["/v1/traces"], StringComparison.Ordinal);
        Assert.All(received.Values, body => Assert.Contains("worker-7", body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Artifacts_ofAUnitOfWork_areInItsTrace()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var unit = new Activity("unit").SetIdFormat(ActivityIdFormat.W3C);
        unit.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        unit.Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref options) =>
                options.Parent.TraceId == unit.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await ServeAsync("node", null, _ => { });
        var address = new Uri(server.Urls.First());
        var worker = new ArtifactStore(In("worker"));
        var blobs = new BlobClient(worker, _http, () => [address], () => [address], TimeProvider.System);

        await blobs.FetchAsync([new ArtifactStore(In("node")).Put(new byte[100])], default);
        await blobs.OfferAsync([worker.Put(new byte[200])], default);

        var mine = ended.Where(activity => activity.TraceId == unit.TraceId).ToArray();
        Assert.Equal([("fetch", unit.Id), ("offer", unit.Id)], mine.Select(activity => (activity.OperationName, activity.ParentId)));
    }

    [Theory]
    [InlineData("--telemetry=statsd", "otlp")]
    [InlineData("--telemetry=otlp,zipkin", "zipkin")]
    public async Task Telemetry_byAnUnknownWay_isRefusedBeforeTheNodeStarts(string option, string named)
    {
        var parsed = RootCommands.Create().Parse(["node", option, "--state", In("state")]);

        var error = await Assert.ThrowsAsync<UserInputException>(() => parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false }));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_onAPortOfItsOwn_answersTwoRoutesAndNothingElse()
    {
        var isReady = false;
        await using var health = HealthServer.Build(s_any, () => isReady);
        await health.StartAsync();
        var address = new Uri(health.Urls.First());

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/live"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("/health/ready"));
        isReady = true;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/ready"));
        foreach (var path in (string[])
                ["/", "/health", "/nodes", "/campaigns", "/metrics", $"/blobs/{Digest.Of([])}", "/health/live/../../nodes"])
        {
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(path));
        }
        using var posted = await _http.PostAsync(new Uri(address, "/health/ready"), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var response = await _http.GetAsync(new Uri(address, path));
            return response.StatusCode;
        }
    }

    private string In(string name) => Path.Combine(_directory.FullName, name);

    private async Task<WebApplication> ServeAsync(string store, TelemetryExport? telemetry, Action<ListenOptions> secure)
    {
        var server = NodeServer.Build(s_any, new ArtifactStore(In(store)), () => null, _http, secure, telemetry);
        await server.StartAsync();
        return server;
    }

    private static WebApplication Collector(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(s_any));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body, Encoding.Latin1);
            var text = await body.ReadToEndAsync();
            received.AddOrUpdate(context.Request.Path.Value!, text, (_, before) => before + text);
        });
        return app;
    }
}
