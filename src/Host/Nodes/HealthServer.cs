using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IterativeDpo.Host.Nodes;

/// <summary>
/// Whether a node is alive and ready, on its HTTP port and, where asked for, on a port of its own without TLS: whoever runs containers has
/// no certificate of the cluster. That one is a server with two routes, so nothing else can be asked there.
/// </summary>
internal static class HealthServer
{
    public static WebApplication Build(IPEndPoint at, Func<bool> isReady)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(at);
        });
        builder.Services.AddRouting();
        var app = builder.Build();
        app.MapHealth(isReady);
        return app;
    }

    public static void MapHealth(this IEndpointRouteBuilder routes, Func<bool> isReady)
    {
        routes.MapGet("/health/live", () => Results.Text("live\n"));
        routes.MapGet(
            "/health/ready",
            () => isReady() ? Results.Text("ready\n") : Results.Text("in no cluster\n", statusCode: StatusCodes.Status503ServiceUnavailable)
        );
    }
}
