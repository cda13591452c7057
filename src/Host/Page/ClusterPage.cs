using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Page;

/// <summary>A node of a cluster, as <c>GET /nodes</c> tells of it.</summary>
internal sealed record NodeOverview(
    string Name,
    string Address,
    IReadOnlyList<string> Roles,
    string State,
    IReadOnlyList<string> InHand,
    IReadOnlyList<string> Troubles,
    string Version,
    int Threads,
    string Device,
    double Rate,
    double SecondsSinceHeard);

/// <summary>A campaign of a cluster, as <c>GET /campaigns</c> tells of it.</summary>
internal sealed record KnownCampaign(string Name, string Status);

/// <summary>A cluster as one of its nodes knows it.</summary>
/// <param name="Trouble">Why nobody answers; the rest is then as it was.</param>
internal sealed record ClusterNow(IReadOnlyList<NodeOverview> Nodes, IReadOnlyList<KnownCampaign> Campaigns, string? Trouble)
{
    public static ClusterNow Unknown { get; } = new([], [], null);

    /// <summary>Changes with whatever somebody who watches would see change.</summary>
    [JsonIgnore]
    public string Version =>
        JsonSerializer.Serialize(
            this with
            {
                Nodes = [.. Nodes.Select(node => node with { SecondsSinceHeard = Math.Floor(node.SecondsSinceHeard / 5) })],
            });
}

/// <summary>Nodes and campaigns of a cluster, what is wrong first, with an operator's commands.</summary>
internal static class ClusterPage
{
    private const string Path = "/";

    /// <param name="main">HTML.</param>
    public static string Frame(ClusterNow now, string title, string main, bool isLive) =>
        PageLayout.Frame(
            title, Navigation(now, title == "Cluster" ? Path : PathOf(title)), Strip(now), main, isLive);

    /// <summary>Links to the cluster and its campaigns.</summary>
    /// <param name="current">The path of the page that they stand on.</param>
    public static string Navigation(ClusterNow now, string current) =>
        PageLayout.Item(Path, "Cluster", current)
        + string.Concat(now.Campaigns.Select(campaign => PageLayout.Item(PathOf(campaign.Name), Html.Text(campaign.Name), current)));

    public static string Strip(ClusterNow now) =>
        $"<p><strong>Cluster</strong> <span class=\"badge {(now.Trouble is null ? "running" : "stopped")}\">{(now.Trouble is null ? "up" : "silent")}</span> <span>{now.Nodes.Count} nodes, "
        + $"{now.Nodes.Sum(node => node.InHand.Count)} units in hand</span> <span class=\"soft\">{now.Campaigns.Count(campaign => campaign.Status == "running")} of {now.Campaigns.Count} campaigns running</span></p>";

    public static string Render(ClusterNow now, bool mayCommand) =>
        "<header><p class=\"kicker\">Iterative DPO</p><h1>Cluster</h1></header>\n"
        + Warnings([
            .. now.Trouble is { } trouble ? [$"No node answers: {trouble}. What is shown is old."] : Array.Empty<string>(),
            .. now
                .Nodes.Where(node => node.State == "silent")
                .Select(node => $"{node.Name} has not been heard of for {Html.Duration(node.SecondsSinceHeard)}."),
            .. now.Nodes.SelectMany(node => node.Troubles.Select(trouble => $"{node.Name}: {trouble.TrimEnd('.')}."))])
        + Html.Section(
            "campaigns",
            "Campaigns",
            "",
            Html.Table(
                "Campaigns",
                ["Campaign", "Status"],
                now.Campaigns.OrderBy(campaign => campaign.Name, StringComparer.Ordinal)
                    .Select(campaign =>
                        (string[])[$"<a href=\"{PathOf(campaign.Name)}\">{Html.Text(campaign.Name)}</a>", Badge(campaign.Status)])))
        + Html.Section("nodes", "Nodes", "A drained node takes nothing new, finishes or hands back what it has, and leaves.", Html.Table(
            "Nodes",
            [
                "Node",
                "State",
                "Roles",
                "In hand",
                "Units/h",
                "Device",
                "Threads",
                "Version",
                "Heard",
                "Address",
                .. mayCommand ? [""] : Array.Empty<string>(),
            ],
            now.Nodes.OrderBy(node => node.Name, StringComparer.Ordinal).Select(node => (string[])[
                Html.Text(node.Name),
                Badge(node.State),
                Html.Text(string.Join(", ", node.Roles)),
                Html.Text(string.Join(", ", node.InHand)),
                Html.Number(node.Rate, "0"),
                Html.Text(node.Device),
                $"{node.Threads}",
                Html.Text(node.Version),
                $"{Html.Duration(node.SecondsSinceHeard)} ago",
                Html.Text(node.Address[(node.Address.LastIndexOf('@') + 1)..]),
                .. mayCommand ? [node.State == "draining" ? "" : Form("drain", node.Name, "Drain")] : Array.Empty<string>()])));

    public static string Campaign(CampaignOverview campaign, bool mayCommand) =>
        $"<header><p class=\"kicker\">Campaign</p><h1>{Html.Text(campaign.Campaign)}</h1><p class=\"lead\">{Badge(campaign.Status)} {campaign.RoundsDone} of {campaign.Rounds} rounds"
        + (campaign.HeldoutAccuracy is [var first, .., var last] ? $"; held-out accuracy {Html.Percent(first)} → {Html.Percent(last)}" : "")
        + "</p></header>\n"
        + Warnings([
            .. campaign.PauseReason is { } reason ? [$"Paused: {reason.TrimEnd('.')}."] : Array.Empty<string>(),
            .. campaign.Waiting.Select(role => $"Work waits: no node plays {role}. Start one with --roles {role}.")])
        + (campaign.Stage is { } stage
            ? Html.Section(
                "stage",
                "Under way",
                "",
                $"<p>{Html.Text(stage.Title)} <span class=\"soft\">{Html.Count(stage.Done)}/{Html.Count(stage.Total)} {Html.Text(stage.Detail)}</span></p><progress max=\"{Math.Max(1, stage.Total)}\" value=\"{stage.Done}\" aria-label=\"{Html.Text(stage.Title)}\"></progress>")
            : "")
        + Html.Section(
            "rounds",
            "Rounds",
            "",
            $"<ul class=\"notes\">{string.Concat(campaign.RoundLines.Reverse().Select(line => $"<li>{Html.Text(line)}</li>\n"))}</ul><p><a href=\"{PathOf(campaign.Campaign)}/report\">The whole report</a>, with curves, pairs and judges</p>")
        + (!mayCommand || campaign.Status is "completed" or "cancelled" ? "" : Html.Section("operate", "Operate", "",
            (campaign.Status == "paused" ? Form("resume", campaign.Campaign, "Go on") : Form("pause", campaign.Campaign, "Pause"))
                + Form("cancel", campaign.Campaign, "End for good")));

    /// <param name="inWords">What the command does.</param>
    public static string Confirm(string command, string name, string inWords, DateTimeOffset now) => $"""
        <header><h1>Do this?</h1></header>
        <section id="confirm" aria-label="Confirm"><p class="lead">{Html.Text(inWords)}</p>
        <form class="verdict" method="post" action="{OperateRoutes.Path}"><input type="hidden" name="command" value="{command}"><input type="hidden" name="name" value="{Html.Text(name)}">{PageForm.MadeAt(now)}<button>Yes</button> <a href="{BackOf(command, name)}">No</a></form></section>

        """;

    /// <summary>Where a command was given.</summary>
    public static string BackOf(string command, string name) => command == "drain" ? Path : PathOf(name);

    public static string PathOf(string campaign) => $"/campaigns/{Uri.EscapeDataString(campaign)}";

    private static string Badge(string status) =>
        $"<span class=\"badge {Html.Text(status switch { "up" => "running", "silent" => "stopped", "draining" => "paused", _ => status })}\">{Html.Text(status)}</span>";

    private static string Form(string command, string name, string button) =>
        $"<form class=\"verdict\" method=\"get\" action=\"{OperateRoutes.ConfirmPath}\"><input type=\"hidden\" name=\"command\" value=\"{command}\"><input type=\"hidden\" name=\"name\" value=\"{Html.Text(name)}\"><button>{button} …</button></form>\n";

    private static string Warnings(IReadOnlyList<string> warnings) => warnings.Count == 0 ? ""
        : $"<section id=\"warnings\" aria-labelledby=\"warnings-title\"><h2 id=\"warnings-title\">Warnings</h2><ul class=\"notes warnings\">{string.Concat(warnings.Select(warning => $"<li>{Html.Text(warning)}</li>\n"))}</ul></section>\n";
}
