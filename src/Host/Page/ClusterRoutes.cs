using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IterativeDpo.Host.Page;

/// <summary>
/// A cluster's page, from outside: what one of its nodes tells, asked for when somebody looks, and an operator's commands to it.
/// </summary>
internal sealed class ClusterRoutes(ClusterConnection cluster, TimeProvider time)
{
    /// <summary>However many look, a node is asked no more often.</summary>
    private static readonly TimeSpan s_age = TimeSpan.FromSeconds(1), s_patience = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, (string Path, Func<string, string> InWords)> s_commands = new(StringComparer.Ordinal)
    {
        ["drain"] = ("/nodes/{0}/drain", node => $"Drain {node}: it takes nothing new, finishes or hands back what it has, and leaves."),
        ["pause"] = (
            "/campaigns/{0}/pause",
            campaign => $"Pause {campaign}: what is in hand is finished and counts, and nothing more is begun."),
        ["resume"] = ("/campaigns/{0}/resume", campaign => $"Have {campaign} go on."),
        ["cancel"] = ("/campaigns/{0}/cancel", campaign => $"End {campaign} for good. What it has is kept; it cannot go on."),
    };

    private readonly Lock _lock = new();
    private Task<ClusterNow> _asked = Task.FromResult(ClusterNow.Unknown);
    private long? _askedAt;

    /// <summary>The cluster as it is, or was a moment ago.</summary>
    public Task<ClusterNow> NowAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_askedAt is not { } at || (_asked.IsCompleted && time.GetElapsedTime(at) >= s_age))
            {
                (_asked, _askedAt) = (AskAsync(_asked), time.GetTimestamp());
            }
            return _asked.WaitAsync(cancellationToken);
        }
    }

    public void Map(WebApplication app)
    {
        PageServer.Map(app, "/", async context =>
        {
            var now = await NowAsync(context.RequestAborted);
            return PageServer.Page(ClusterPage.Frame(now, "Cluster", ClusterPage.Render(now, MayCommand(context)), isLive: true));
        });
        PageServer.Map(app, "/campaigns/{name}", async context =>
        {
            var (name, now) = (PageServer.Part(context, "name"), await NowAsync(context.RequestAborted));
            var campaign = await cluster.GetAsync<CampaignOverview>(ClusterPage.PathOf(name), context.RequestAborted);
            return PageServer.Page(ClusterPage.Frame(now, name, ClusterPage.Campaign(campaign, MayCommand(context)), isLive: true));
        });
        PageServer.Map(app, "/campaigns/{name}/report", async context =>
        {
            var report = await cluster.GetTextAsync(
                $"{ClusterPage.PathOf(PageServer.Part(context, "name"))}/report",
                context.RequestAborted);
            // A report has its style in it, and nothing that runs.
            context.Response.Headers.ContentSecurityPolicy =
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            return PageServer.Page(report);
        });
        PageServer.Map(app, OperateRoutes.ConfirmPath, async context =>
        {
            var (command, name) = ((string?)context.Request.Query["command"] ?? "", (string?)context.Request.Query["name"] ?? "");
            var (_, inWords) = Find(command);
            return PageServer.Page(
                ClusterPage.Frame(
                    await NowAsync(context.RequestAborted),
                    "Operate",
                    ClusterPage.Confirm(command, name, inWords(name), time.GetUtcNow()),
                    isLive: false));
        });
        app.MapPost(OperateRoutes.Path, CommandAsync).ExcludeFromDescription();
        PageServer.Map(
            app,
            "/api/cluster",
            async context => Results.Text(CommonOptions.ToJson(await NowAsync(context.RequestAborted)), "application/json"));
    }

    private static bool MayCommand(HttpContext context) => PageGuard.VisitorOf(context).Role >= PageRole.Operator;

    private static (string Path, Func<string, string> InWords) Find(string command) =>
        s_commands.TryGetValue(command, out var known) ? known : throw new RequestException("there is no such command");

    private async Task CommandAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (command, name) = (form["command"].ToString(), form["name"].ToString());
        var (path, _) = Find(command);
        if (!PageForm.IsFresh(form, time.GetUtcNow(), out _))
        {
            throw new RequestException(PageForm.Stale);
        }
        var by = PageGuard.VisitorOf(context).Person ?? "an operator";
        await cluster.PostAsync<JsonElement>(
            $"{string.Format(null, path, Uri.EscapeDataString(name))}?by={Uri.EscapeDataString(by)}",
            null,
            context.RequestAborted);
        lock (_lock)
        {
            _askedAt = null;
        }
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = ClusterPage.BackOf(command, name);
    }

    private async Task<ClusterNow> AskAsync(Task<ClusterNow> before)
    {
        var last = await before;
        using var limit = new CancellationTokenSource(s_patience, time);
        try
        {
            return await ReadAsync(limit.Token);
        }
        catch (Exception e) when (IsSilence(e))
        {
            try
            {
                // The node that answered so far may be gone.
                await cluster.ReconnectAsync(limit.Token);
                return await ReadAsync(limit.Token);
            }
            catch (Exception again) when (IsSilence(again))
            {
                return last with
                {
                    Trouble =
                        again is OperationCanceledException
                            ? $"none has answered within {s_patience.TotalSeconds:0} s"
                            : again.GetBaseException().Message.TrimEnd('.'),
                };
            }
        }
    }

    private static bool IsSilence(Exception e) => e is HttpRequestException or UserInputException or OperationCanceledException;

    private async Task<ClusterNow> ReadAsync(CancellationToken cancellationToken)
    {
        var nodes = await cluster.GetAsync<NodeList>("/nodes", cancellationToken);
        var campaigns = await cluster.GetAsync<CampaignList>("/campaigns", cancellationToken);
        return new ClusterNow(nodes.Nodes, campaigns.Campaigns, null);
    }

    private sealed record NodeList(IReadOnlyList<NodeOverview> Nodes);

    private sealed record CampaignList(IReadOnlyList<KnownCampaign> Campaigns);
}
