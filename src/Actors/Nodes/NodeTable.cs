using System.Collections.Concurrent;
using IterativeDpo.Actors.Protocol;

namespace IterativeDpo.Actors.Nodes;

/// <summary>What a node has heard of the others and of the campaigns. Safe to use from any thread.</summary>
public sealed class NodeTable(TimeProvider time)
{
    /// <summary>Who is silent for longer is gone.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, (NodeReport Report, DateTimeOffset At)> _nodes = [];
    private readonly ConcurrentDictionary<string, (CampaignAnnounced Campaign, DateTimeOffset At)> _campaigns = [];

    /// <summary>The nodes, this one among them, with the seconds since each was last heard of.</summary>
    public IReadOnlyList<(NodeReport Report, double Seconds)> Nodes =>
        [
            .. Recent(_nodes.Values, known => known.At)
                .OrderBy(known => known.Report.Name, StringComparer.Ordinal)
                .Select(known => (known.Report, (time.GetUtcNow() - known.At).TotalSeconds)),
        ];

    public IReadOnlyList<CampaignAnnounced> Campaigns =>
        [
            .. Recent(_campaigns.Values, known => known.At)
                .Select(known => known.Campaign)
                .OrderBy(known => known.Campaign, StringComparer.Ordinal),
        ];

    /// <summary>Where other nodes answer by HTTP, those who keep artifacts first.</summary>
    public IReadOnlyList<Uri> Holders(string self) => [.. Others(self).OrderByDescending(IsCoordinator).Select(node => new Uri(node.Http))];

    /// <summary>Where the other coordinators answer by HTTP.</summary>
    public IReadOnlyList<Uri> Keepers(string self) => [.. Others(self).Where(IsCoordinator).Select(node => new Uri(node.Http))];

    /// <summary>Where the coordinators answer by HTTP, this node among them if it is one.</summary>
    public IReadOnlyList<Uri> Coordinators =>
        [.. Nodes.Select(node => node.Report).Where(IsCoordinator).Select(node => new Uri(node.Http))];

    internal void Hear(NodeReport report) => _nodes[report.Address] = (report, time.GetUtcNow());

    internal void Hear(CampaignAnnounced campaign) => _campaigns[campaign.Campaign] = (campaign, time.GetUtcNow());

    internal void Forget(string address) => _nodes.TryRemove(address, out _);

    /// <summary>Another actor system begins: whom it meets says so anew.</summary>
    internal void Clear()
    {
        _nodes.Clear();
        _campaigns.Clear();
    }

    private IEnumerable<NodeReport> Others(string self) => Nodes.Select(node => node.Report).Where(node => node.Name != self);

    private static bool IsCoordinator(NodeReport node) => node.Roles.Contains(NodeRoles.Coordinator);

    private IEnumerable<T> Recent<T>(IEnumerable<T> all, Func<T, DateTimeOffset> at) =>
        all.Where(one => time.GetUtcNow() - at(one) < Memory);
}
