using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Report;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IterativeDpo.Host.Page;

/// <summary>
/// A campaign's page by HTTP: made here as HTML, read without scripts, and kept up to date by server-sent events where there are scripts.
/// </summary>
internal static class PageServer
{
    private const int MostReaders = 500;

    private const string PageType = "text/html; charset=utf-8";

    /// <summary>How often somebody who watches is told how it is.</summary>
    private static readonly TimeSpan s_pulse = TimeSpan.FromMilliseconds(500), s_sign = TimeSpan.FromSeconds(15);

    private static readonly byte[] s_stillHere = ":\n\n"u8.ToArray();

    private static readonly JsonSerializerOptions s_camelCase = new(JsonSerializerDefaults.Web);

    /// <summary>Starts to listen.</summary>
    /// <param name="telemetry">Has its metrics there, too.</param>
    /// <exception cref="UserInputException">The port is in use, or the address is none of this machine.</exception>
    public static Task<WebApplication> StartAsync(PageSettings settings, PageData data, TelemetryExport? telemetry = null) => StartAsync(
        settings,
        (title, reason) => PageLayout.Problem(data.Feed.Now(), title, reason),
        Told<CampaignNow>(
            _ => Task.FromResult(data.Feed.Now()),
            now => new(data.Version(now), PageLayout.Strip(now), PageLayout.Navigation(now, ""))),
        (app, guard) =>
        {
            MapPages(app, data);
            PageApi.Map(app, data);
            telemetry?.Map(app);
            PeopleRoutes.Map(app, data, guard);
            OperateRoutes.Map(app, data);
        });

    /// <summary>Starts to listen for a cluster.</summary>
    /// <inheritdoc cref="StartAsync(PageSettings, PageData, TelemetryExport?)"/>
    public static Task<WebApplication> StartAsync(PageSettings settings, ClusterRoutes cluster) => StartAsync(
        settings,
        (title, reason) => ClusterPage.Frame(ClusterNow.Unknown, title, PageLayout.ProblemOf(title, reason), isLive: false),
        Told<ClusterNow>(cluster.NowAsync, now => new(now.Version, ClusterPage.Strip(now), ClusterPage.Navigation(now, ""))),
        (app, _) => cluster.Map(app));

    /// <summary>Starts to listen, with one page: campaigns side by side.</summary>
    /// <param name="render">Makes it as it is now.</param>
    /// <inheritdoc cref="StartAsync(PageSettings, PageData, TelemetryExport?)"/>
    public static Task<WebApplication> StartAsync(PageSettings settings, Func<string> render) =>
        StartAsync(settings, null, null, (app, _) => Map(app, "/", _ => Page(render())));

    /// <param name="problem">A page that says what is wrong, by its title and the reason; null: the reason alone is said.</param>
    /// <param name="told">What those who watch are told; null where nothing changes.</param>
    private static async Task<WebApplication> StartAsync(
        PageSettings settings,
        Func<string, string, string>? problem,
        Func<CancellationToken, Task<byte[]>>? told,
        Action<WebApplication, PageGuard> map)
    {
        var app = Build(settings, problem, told, map);
        try
        {
            await app.StartAsync(CancellationToken.None);
            return app;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            await app.DisposeAsync();
            throw new UserInputException(
                $"--page {settings.At}: cannot listen: {e.GetBaseException().Message}. Choose another address (--page 127.0.0.1:0 is any port that is free), or off.",
                e);
        }
    }

    private static WebApplication Build(
        PageSettings settings,
        Func<string, string, string>? problem,
        Func<CancellationToken, Task<byte[]>>? told,
        Action<WebApplication, PageGuard> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 2 * MostReaders;
            // The guard lets in what is a command's.
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(settings.At);
        });
        builder.Services.AddRouting();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        PageApi.AddServices(builder.Services);
        var app = builder.Build();
        var guard = new PageGuard(settings.Tokens);
        app.Lifetime.ApplicationStopped.Register(guard.Dispose);
        app.Use((context, next) => ServeAsync(context, next, guard, problem));
        MapContent(app);
        map(app, guard);
        if (told is not null)
        {
            var readers = new SemaphoreSlim(MostReaders);
            app.MapGet("/live", (HttpContext context) => LiveAsync(context, told, readers, app.Lifetime.ApplicationStopping))
                .ExcludeFromDescription();
        }
        app.MapFallback(Task (HttpContext _) => throw new UserInputException("there is no such page here")).ExcludeFromDescription();
        return app;
    }

    /// <summary>What is refused, and what fails, in words; nothing of this program's inside goes out.</summary>
    private static async Task ServeAsync(HttpContext context, RequestDelegate next, PageGuard guard, Func<string, string, string>? problem)
    {
        if (guard.Check(context) is var (status, reason))
        {
            context.Response.StatusCode = status;
            await ExplainAsync(context, null, reason);
            return;
        }
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && e is not OperationCanceledException)
        {
            context.Response.StatusCode = e switch
            {
                RequestException => StatusCodes.Status400BadRequest,
                UserInputException => StatusCodes.Status404NotFound,
                Microsoft.AspNetCore.Http.BadHttpRequestException bad => bad.StatusCode,
                _ => StatusCodes.Status500InternalServerError,
            };
            await ExplainAsync(context, problem, e switch
            {
                UserInputException or StorageException or RequestException => e.Message,
                Microsoft.AspNetCore.Http.BadHttpRequestException => "a part of the address cannot be read",
                _ => $"this page cannot be made: {e.GetType().Name}",
            });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
    }

    /// <param name="problem">Null: who asks is not to be told how the campaign is, or there is more than one.</param>
    private static Task ExplainAsync(HttpContext context, Func<string, string, string>? problem, string reason)
    {
        var isPage = problem is not null && !context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal);
        context.Response.ContentType = isPage ? "text/html; charset=utf-8" : "application/json";
        return context.Response.WriteAsync(
            isPage ? problem!("This cannot be shown", reason) : Commands.CommonOptions.ToJson(new Refusal(reason)));
    }

    private static void MapContent(WebApplication app)
    {
        var (style, script) = (ReportHtml.Content("report.css") + ReportHtml.Content("page.css"), ReportHtml.Content("page.js"));
        Map(app, "/page.css", _ => Results.Text(style, "text/css; charset=utf-8"));
        Map(app, "/page.js", _ => Results.Text(script, "text/javascript; charset=utf-8"));
    }

    private static void MapPages(WebApplication app, PageData data)
    {
        var cache = new RenderedPages(data);
        Map(app, "/", _ => cache.Show("/", now => PageLayout.Render(now, "/", "Campaign", CampaignPage.Render(data, now), isLive: true)));
        Map(
            app,
            "/rounds",
            _ => data.Feed.Now().State.Rounds is [.., var last] ? Results.Redirect($"/rounds/{last.Number}") : Results.Redirect("/"));
        Map(app, "/rounds/{number}", context => cache.Show(context.Request.Path, now =>
        {
            var text = Part(context, "number");
            var round = (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? now.Round(number) : null)
                ?? throw new UserInputException(
                    $"there is no round {text}; the campaign has begun {now.State.Rounds.Count} of them, the base's evaluation, round 0, among them");
            return PageLayout.Render(
                now,
                "/rounds",
                number == 0 ? "The base" : $"Round {number}",
                RoundPage.Render(data, now, round),
                isLive: round.Outcome is null);
        }));
        Map(app, "/pairs", context =>
        {
            var (now, query) = (data.Feed.Now(), PageApi.QueryOf(context.Request.Query));
            var found = data.Pairs.Find(
                now.State.Rounds,
                query.Filter,
                query.Order,
                (query.Number - 1) * PairQuery.Size,
                PairQuery.Size,
                context.RequestAborted);
            return Page(PageLayout.Render(now, "/pairs", "Pairs", PairsPage.Render(now, found, query), isLive: false));
        });
        Map(app, "/pairs/{id}", context =>
        {
            var now = data.Feed.Now();
            var found = data.Find(now, Part(context, "id"));
            return Page(PageLayout.Render(now, "/pairs", $"Pair {found.Id}", PairPageView.Render(found), isLive: false));
        });
        Map(
            app,
            "/judges",
            _ => cache.Show("/judges", now => PageLayout.Render(now, "/judges", "Judges", JudgesPage.Render(data, now), isLive: true)));
        Map(app, "/log", context =>
        {
            var now = data.Feed.Now();
            var isNewest = !long.TryParse(context.Request.Query["before"], NumberStyles.None, CultureInfo.InvariantCulture, out var before);
            return Page(PageLayout.Render(now, "/log", "Log", LogPage.Render(data, now, isNewest ? now.Events + 1 : before), isNewest));
        });
    }

    /// <summary>What those who watch are told, made once for all of them while it is the same.</summary>
    private static Func<CancellationToken, Task<byte[]>> Told<T>(Func<CancellationToken, Task<T>> nowAsync, Func<T, LiveNow> make)
        where T : class
    {
        (T? Of, byte[] Message) last = (null, []);
        var turn = new Lock();
        return async token =>
        {
            var now = await nowAsync(token);
            lock (turn)
            {
                if (!ReferenceEquals(last.Of, now))
                {
                    last = (now, Encoding.UTF8.GetBytes($"event: now\ndata: {JsonSerializer.Serialize(make(now), s_camelCase)}\n\n"));
                }
                return last.Message;
            }
        };
    }

    /// <summary>Sends how it is now, whenever that changes, until whoever watches is gone.</summary>
    private static async Task LiveAsync(
        HttpContext context,
        Func<CancellationToken, Task<byte[]>> told,
        SemaphoreSlim readers,
        CancellationToken stopping)
    {
        if (!readers.Wait(0, CancellationToken.None))
        {
            context.Response.Headers.RetryAfter = "10";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            context.Response.ContentType = "text/event-stream";
            var (sent, quiet) = (Array.Empty<byte>(), TimeSpan.Zero);
            while (true)
            {
                var message = await told(end.Token);
                var isSame = message.AsSpan().SequenceEqual(sent);
                quiet = isSame ? quiet + s_pulse : TimeSpan.Zero;
                if (!isSame || quiet >= s_sign)
                {
                    await context.Response.Body.WriteAsync(isSame ? s_stillHere : message, end.Token);
                    await context.Response.Body.FlushAsync(end.Token);
                    (sent, quiet) = (message, TimeSpan.Zero);
                }
                await Task.Delay(s_pulse, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or the page ends.
        }
        finally
        {
            readers.Release();
        }
    }

    private static void Map(WebApplication app, string path, Func<HttpContext, IResult> show) =>
        Map(app, path, context => Task.FromResult(show(context)));

    internal static void Map(WebApplication app, string path, Func<HttpContext, Task<IResult>> show) =>
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], async context => await (await show(context)).ExecuteAsync(context))
            .ExcludeFromDescription();

    internal static string Part(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    internal static IResult Page(string html) => Results.Text(html, PageType);

    /// <summary>Pages that many look at are made once for all of them while the campaign is where it was.</summary>
    private sealed class RenderedPages(PageData data)
    {
        private const int Most = 200;
        private readonly ConcurrentDictionary<string, (string Version, Lazy<byte[]> Html)> _pages = [];

        public IResult Show(string path, Func<CampaignNow, string> render)
        {
            var now = data.Feed.Now();
            var version = $"{data.Version(now)} {now.Status} {now.Notes.Count} {now.Trouble}";
            if (_pages.Count > Most)
            {
                _pages.Clear();
            }
            var page = _pages.AddOrUpdate(
                path,
                _ => (version, new(() => Encoding.UTF8.GetBytes(render(now)))),
                (_, known) => known.Version == version ? known : (version, new(() => Encoding.UTF8.GetBytes(render(now)))));
            try
            {
                return Results.Bytes(page.Html.Value, PageType);
            }
            catch
            {
                _pages.TryRemove(path, out _);
                throw;
            }
        }
    }
}

/// <summary>What somebody who watches is told.</summary>
/// <param name="Version">Another one when pages have changed.</param>
/// <param name="Strip">The line at their top, HTML.</param>
/// <param name="Navigation">Links to the pages that there are, HTML.</param>
internal sealed record LiveNow(string Version, string Strip, string Navigation);

/// <summary>A part of an address that means nothing.</summary>
internal sealed class RequestException(string message) : Exception(message);
