using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Akka.Actor;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Terminal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IterativeDpo.Host.Nodes;

/// <summary>How a campaign stands, for <c>status</c> and <c>submit --wait</c>.</summary>
/// <param name="RoundLines">A line for each round that ended, from the first that was not asked for as seen.</param>
/// <param name="Stage">What is under way; null is nothing.</param>
/// <param name="Waiting">Roles that work is due for and nobody plays, for more than a moment.</param>
internal sealed record CampaignOverview(
    string Campaign,
    string Status,
    string? PauseReason,
    int RoundsDone,
    int Rounds,
    IReadOnlyList<double> HeldoutAccuracy,
    IReadOnlyList<string> RoundLines,
    StageView? Stage,
    IReadOnlyList<string> Waiting,
    DateTimeOffset StartedAt = default);

/// <summary>A campaign to begin or go on with.</summary>
internal sealed record Submission([property: JsonRequired] Digest Bundle);

/// <summary>Why something was refused.</summary>
internal sealed record Refusal(string Error);

/// <summary>
/// A node by HTTP: artifacts, health, and what operators ask and command. A question about a campaign that is on another node is asked
/// there.
/// </summary>
internal static class NodeServer
{
    private const string Json = "application/json";
    private const int MostBytes = 1 << 16;
    private const int MostNameCharacters = 100;

    /// <summary>
    /// A role that nobody plays for a moment, as nodes come and go, is none to tell of; nor is a campaign that nobody has heard of for so
    /// long.
    /// </summary>
    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(3);

    /// <summary>Starts it; what follows from the address is known before the node is.</summary>
    public static WebApplication Build(
        IPEndPoint at,
        ArtifactStore store,
        Func<Node?> current,
        HttpClient peers,
        Action<ListenOptions> secure,
        TelemetryExport? telemetry = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 1000;
            // Artifacts have a limit of their own.
            kestrel.Limits.MaxRequestBodySize = MostBytes;
            kestrel.Listen(at, secure);
        });
        builder.Services.AddRouting();
        var app = builder.Build();
        var node = () => current() ?? throw new NodeTroubleException("the node is about to start");
        app.Use(ExplainAsync);
        app.MapBlobs(store, new BlobLimits());
        app.MapLedger(() => node().Ledger);
        app.MapHealth(() => current() is { IsUp: true });
        telemetry?.Map(app);
        app.MapGet("/nodes", () => Show(new { nodes = node().Table.Nodes.Select(NodeView) }));
        app.MapPost("/nodes/{name}/drain", async (string name, CancellationToken token) =>
            await node().DrainAsync(name, token) ? Show(new { drains = name }) : Refuse(404, $"there is no node '{name}' in this cluster"));
        app.MapPost(
            "/nodes/{name}/down",
            (string name) => node().Down(name) ? Show(new { down = name }) : Refuse(404, $"there is no node '{name}' in this cluster"));
        app.MapGet(
            "/campaigns",
            () =>
                Show(
                    new
                    {
                        campaigns = node()
                            .Table.Campaigns.Select(known => new
                            {
                                name = known.Campaign,
                                status = Word(known.Status),
                                known.Http,
                            }),
                    }));
        app.MapPost("/campaigns", (HttpRequest request, CancellationToken token) => StartAsync(node(), request, token));
        app.MapPost(
            "/campaigns/{name}/pause",
            (string name, string? by, CancellationToken token) =>
                CommandKnownAsync(node(), name, new PauseCampaign("paused by an operator", Who(by)), token));
        app.MapPost(
            "/campaigns/{name}/resume",
            (string name, string? by, CancellationToken token) => CommandKnownAsync(node(), name, new ContinueCampaign(Who(by)), token));
        app.MapPost(
            "/campaigns/{name}/cancel",
            (string name, CancellationToken token) => CommandKnownAsync(node(), name, new CancelCampaign(), token));
        app.MapGet(
            "/campaigns/{name}",
            (string name, int? seen, CancellationToken token) =>
                WhereItIsAsync(
                    node(),
                    peers,
                    name,
                    $"?seen={seen ?? 0}",
            standing => Task.FromResult(Show(ViewOf(standing, seen ?? 0))), token));
        app.MapGet("/campaigns/{name}/report", (string name, CancellationToken token) => WhereItIsAsync(node(), peers, name, "/report",
            async standing => Results.Text((await ReportAsync(node(), store, standing, token)).Html, "text/html; charset=utf-8"), token));
        app.MapGet("/campaigns/{name}/summary", (string name, CancellationToken token) => WhereItIsAsync(node(), peers, name, "/summary",
            async standing => Results.Text((await ReportAsync(node(), store, standing, token)).Summary.ToJson(), Json), token));
        return app;
    }

    /// <summary>Whoever shows a certificate says who commands: it goes into the journal, and is no more than a name.</summary>
    private static string? Who(string? by) => by is { Length: > 0 and <= MostNameCharacters } && !by.Any(char.IsControl) ? by : null;

    /// <summary>Failures as words: nothing of this program's inside goes out.</summary>
    private static async Task ExplainAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && StatusOf(e) is var status)
        {
            await Refuse(status, e.Message).ExecuteAsync(context);
        }
    }

    private static int StatusOf(Exception error) => error switch
    {
        UserInputException or JsonException => StatusCodes.Status400BadRequest,
        ArtifactLostException => StatusCodes.Status404NotFound,
        NodeTroubleException or BlobUnavailableException => StatusCodes.Status503ServiceUnavailable,
        Microsoft.AspNetCore.Http.BadHttpRequestException bad => bad.StatusCode,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static object NodeView((NodeReport Report, double Seconds) known) => new
    {
        known.Report.Name,
        known.Report.Address,
        known.Report.Http,
        known.Report.Roles,
        state = known.Report switch
        {
            _ when known.Seconds > 5 => "silent",
            { Draining: true } => "draining",
            _ => "up",
        },
        known.Report.InHand,
        known.Report.Troubles,
        known.Report.Version,
        known.Report.Threads,
        known.Report.Device,
        known.Report.Rate,
        seconds_since_heard = known.Seconds,
    };

    private static CampaignOverview ViewOf(CampaignStanding standing, int seen)
    {
        var state = standing.State;
        var ended = state.Rounds.Count(round => round.Outcome is not null);
        var now = TimeProvider.System.GetUtcNow();
        return new CampaignOverview(
            state.Plan!.Campaign,
            Word(state.Status),
            state.PauseReason,
            state.Rounds.Count(round => round is { Number: > 0, Outcome: not null }),
            state.Plan.Rounds,
            [.. state.Rounds.Where(round => round.Outcome is not null).Select(round => round.HeldOut.Accuracy())],
            [.. Enumerable.Range(0, ended).Skip(seen).Select(round => RoundLine.Of(state, round))],
            StageView.Of(new CampaignProgress(state, standing.Work)),
            [.. standing.Missing.Where(role => now - role.Value > s_moment).Select(role => role.Key.ToString().ToLowerInvariant())],
            state.StartedAt);
    }

    private static async Task<IResult> StartAsync(Node node, HttpRequest request, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body);
        var digest = CommonOptions.FromJson<Submission>(await reader.ReadToEndAsync(cancellationToken)).Bundle;
        var bundle = await node.AcceptAsync(digest, cancellationToken);
        if (node.Table.Campaigns.FirstOrDefault(known => known.Campaign == bundle.Plan.Campaign)?.Bundle is { } begun
            && await node.ReadBundleAsync(begun, cancellationToken) is var before
            && before.Plan.SettingsDigest != bundle.Plan.SettingsDigest)
        {
            var changed = OptionsJson.Differences(OptionsOf(before, node), OptionsOf(bundle, node));
            return Refuse(StatusCodes.Status409Conflict, $"there is a campaign '{bundle.Plan.Campaign}' with other settings: "
                + (changed.Count > 0 ? string.Join("; ", changed) : "the model, the prompt file or a judge's file is not what it was")
                + ". Put this back to go on with it (rounds, threads and retries may change), or give this one another name");
        }
        return await CommandAsync(node, bundle.Plan.Campaign, new StartCampaign(bundle.Plan with { Bundle = digest }), cancellationToken);
    }

    /// <summary>Whoever is asked for a campaign becomes one, and is remembered: so nobody is, by a name that nobody knows.</summary>
    private static async Task<IResult> CommandKnownAsync(
        Node node,
        string campaign,
        CampaignCommand command,
        CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp();
            !IsKnown(node, campaign);
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken))
        {
            if (Stopwatch.GetElapsedTime(began) > s_moment)
            {
                return Refuse(StatusCodes.Status404NotFound, $"there is no such campaign in this cluster: '{campaign}'");
            }
        }
        return await CommandAsync(node, campaign, command, cancellationToken);
    }

    /// <summary>Where no coordinator is heard of, nobody knows.</summary>
    private static bool IsKnown(Node node, string campaign) => node.Board.Standings.GetValueOrDefault(campaign) is { State.Plan: not null }
        || node.Table.Campaigns.Any(known => known.Campaign == campaign)
        || (!node.Options.IsCoordinator && !node.Table.Nodes.Any(known => known.Report.Roles.Contains(NodeRoles.Coordinator)));

    private static async Task<IResult> CommandAsync(
        Node node,
        string campaign,
        CampaignCommand command,
        CancellationToken cancellationToken)
    {
        try
        {
            return await node.CommandAsync(campaign, command, cancellationToken) switch
            {
                CampaignAccepted accepted => Show(new { campaign, status = Word(accepted.Status) }),
                CampaignFailed failed => Refuse(StatusCodes.Status409Conflict, failed.Reason),
                var other => Refuse(StatusCodes.Status500InternalServerError, $"the campaign answered with a {other.GetType().Name}"),
            };
        }
        catch (AskTimeoutException e)
        {
            return Refuse(StatusCodes.Status503ServiceUnavailable, $"no coordinator answers: {e.Message}");
        }
    }

    private static async Task<IResult> WhereItIsAsync(
        Node node,
        HttpClient peers,
        string campaign,
        string what,
        Func<CampaignStanding, Task<IResult>> answer,
        CancellationToken cancellationToken)
    {
        if (node.Board.Standings.GetValueOrDefault(campaign) is { State.Plan: not null } standing)
        {
            return await answer(standing);
        }
        if (node.Table.Campaigns.FirstOrDefault(known => known.Campaign == campaign) is not { } there
            || there.Http == node.Options.Http.ToString())
        {
            return Refuse(StatusCodes.Status404NotFound, $"there is no campaign '{campaign}' in this cluster");
        }
        try
        {
            using var response = await peers.GetAsync(
                new Uri(new Uri(there.Http), $"/campaigns/{Uri.EscapeDataString(campaign)}{what}"),
                cancellationToken);
            return Results.Text(
                await response.Content.ReadAsStringAsync(cancellationToken),
                response.Content.Headers.ContentType?.ToString(),
                statusCode: (int)response.StatusCode);
        }
        catch (HttpRequestException e)
        {
            return Refuse(
                StatusCodes.Status503ServiceUnavailable,
                $"the node that has campaign '{campaign}', {there.Http}, does not answer: {e.Message}");
        }
    }

    private static async Task<(CampaignSummary Summary, string Html)> ReportAsync(
        Node node, ArtifactStore store, CampaignStanding standing, CancellationToken cancellationToken)
    {
        if (standing.State.Rounds is not [{ Outcome: not null }, ..])
        {
            throw new UserInputException(
                $"campaign {standing.State.Plan!.Campaign}: the base is not evaluated yet, so there is nothing to report.");
        }
        var whole = await node.FetchAsync(standing.State.Plan!.Campaign, cancellationToken);
        var bundle = await node.ReadBundleAsync(standing.State.Plan!.Bundle!.Value, cancellationToken);
        var options = OptionsOf(bundle, node);
        var path = Path.Combine(node.Options.StatePath, "reports", $"{options.Name}.html");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var summary = CampaignReport.Write(whole, options, store, node.Options.StatePath, path);
        return (summary, await File.ReadAllTextAsync(path, cancellationToken));
    }

    /// <summary>With the files where they were on the machine that submitted the campaign: they are not read here.</summary>
    private static CampaignOptions OptionsOf(CampaignBundle bundle, Node node) =>
        bundle.OptionsWith([.. bundle.Files.Select(file => file.Path)], node.Options.Threads);

    private static string Word(CampaignStatus status) => status.ToString().ToLowerInvariant();

    private static IResult Show(object document) => Results.Text(CommonOptions.ToJson(document), Json);

    private static IResult Refuse(int status, string error) =>
        Results.Text(CommonOptions.ToJson(new Refusal(error)), Json, statusCode: status);
}
