using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Nodes;

/// <summary>
/// Speaks for a node to all others of its cluster: says now and then how it is and which campaigns are on it, and keeps what they say. Its
/// children are the workers of the node's slots.
/// </summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    internal const string Name = "node";

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250), TellInterval = TimeSpan.FromSeconds(1);

    private readonly Node _node;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<string, NodeReport> _met = [];
    private readonly HashSet<Member> _silent = [], _leaving = [];
    private bool _clusterEnds;
    private IReadOnlyList<WorkOrder?> _told = [];
    private long _toldAt, _lastAlive;

    public NodeActor(Node node, CampaignLink link)
    {
        _node = node;
        _lastAlive = node.Time.GetTimestamp();
        foreach (var slot in node.Slots)
        {
            Context.ActorOf(
                Props.Create(() => new WorkerActor(slot, link, Array.Empty<string>())),
                slot.Role.ToString().ToLowerInvariant());
        }

        Receive<Tick>(_ => Look());
        Receive<NodeReport>(OnReport);
        Receive<CampaignAnnounced>(OnCampaign);
        Receive<DescribeNode>(_ => Sender.Tell(_node.Describe()));
        Receive<DrainNode>(_ =>
        {
            _node.Drain();
            // Whoever asked for it waits for the word, and an idle node is about to leave.
            Tell();
        });
        Receive<ClusterEvent.MemberUp>(_ => Tell());
        Receive<ClusterEvent.UnreachableMember>(lost =>
        {
            _silent.Add(lost.Member);
            Note(lost.Member, "is not heard of; if that lasts, others do its work");
        });
        Receive<ClusterEvent.ReachableMember>(found =>
        {
            _silent.Remove(found.Member);
            Note(found.Member, "is heard of again");
        });
        Receive<ClusterEvent.MemberLeft>(left => _leaving.Add(left.Member));
        Receive<ClusterEvent.MemberExited>(left => _leaving.Add(left.Member));
        Receive<ClusterEvent.MemberRemoved>(OnRemoved);
        Receive<ClusterEvent.ClusterShuttingDown>(_ => OnClusterEnds());
        Receive<ThisActorSystemQuarantinedEvent>(OnQuarantined);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        base.PreStart();
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.MemberUp),
            typeof(ClusterEvent.MemberLeft),
            typeof(ClusterEvent.MemberExited),
            typeof(ClusterEvent.MemberRemoved),
            typeof(ClusterEvent.ClusterShuttingDown),
            typeof(ClusterEvent.IReachabilityEvent));
        Context.System.EventStream.Subscribe<ThisActorSystemQuarantinedEvent>(Self);
        Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TimeSpan.Zero, LookInterval);
    }

    private void OnReport(NodeReport report)
    {
        // One that is leaving speaks on for a moment after it was removed.
        if (_cluster.State.Members.FirstOrDefault(member => member.Address.ToString() == report.Address) is { } member)
        {
            _node.Table.Hear(report);
            var before = _met.GetValueOrDefault(report.Address);
            if (before is null || before.StartedAt == report.StartedAt)
            {
                _met[report.Address] = report;
            }
            if (before is not null && before.StartedAt != report.StartedAt && IsTheOnlyCoordinator(report))
            {
                // It was started again, and began a cluster of its own: there is no need to wait until it counts as dead in this one.
                _silent.Add(member);
                _ = CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
            }
            else if (before is null && report.Address != _node.Address)
            {
                _node.Note($"node {report.Name} is there: {string.Join(", ", report.Roles)}");
            }
        }
        else if (_node.Options.IsCoordinator && !report.Roles.Contains(NodeRoles.Coordinator))
        {
            // It takes this node for the one that was here before.
            Sender.Tell(_node.Describe());
        }
        if (report.Name == _node.Options.Name && report.Address != _node.Address)
        {
            _node.MeetNamesake(report);
        }
    }

    private bool IsTheOnlyCoordinator(NodeReport report) =>
        _cluster
            .State.Members.Where(member => member.HasRole(NodeRoles.Coordinator))
            .All(member => member.Address.ToString() == report.Address) && report.Roles.Contains(NodeRoles.Coordinator);

    private void OnRemoved(ClusterEvent.MemberRemoved removed)
    {
        var isLost = !_leaving.Remove(removed.Member) && removed.PreviousStatus == MemberStatus.Down;
        Note(removed.Member, removed.PreviousStatus == MemberStatus.Down ? "is given up; others do its work" : "has left");
        if (isLost && !_clusterEnds && _cluster.SelfMember.Status == MemberStatus.Up)
        {
            TellOfLost(removed.Member);
        }
        _silent.Remove(removed.Member);
        _met.Remove(removed.Member.Address.ToString());
        _node.Table.Forget(removed.Member.Address.ToString());
    }

    /// <summary>
    /// This node ends in this cluster, and then all others are removed from what it sees. Where it does so for the silence of its
    /// coordinators, nobody else is there to tell that these are lost.
    /// </summary>
    private void OnClusterEnds()
    {
        _clusterEnds = true;
        foreach (var member in _silent.Where(member => member.HasRole(NodeRoles.Coordinator) && !_leaving.Contains(member)))
        {
            TellOfLost(member);
        }
    }

    /// <summary>Has somebody told, where this is the first of the nodes that can tell and are heard of: one loss is told once.</summary>
    private void TellOfLost(Member member)
    {
        if (_node is not { IsUp: true, OnLost: { } tell }
            || !_met.TryGetValue(member.Address.ToString(), out var last)
            || last.Draining)
        {
            return;
        }
        var silent = _silent.Select(other => other.Address.ToString()).Append(last.Address).ToHashSet();
        var first = _met.Values.Where(other => other.Notices && !silent.Contains(other.Address))
            .MinBy(other => other.Address, StringComparer.Ordinal);
        if (first?.Address == _node.Address)
        {
            tell(new LostNode(
                last,
                _node.Table.Nodes.Any(node => node.Report.Name == last.Name && node.Report.StartedAt > last.StartedAt)));
        }
    }

    private void Note(Member member, string what)
    {
        // To one that leaves, all others do.
        if (_met.TryGetValue(member.Address.ToString(), out var met) && met.Name != _node.Options.Name && _node.IsUp)
        {
            _node.Note($"node {met.Name} {what}");
        }
    }

    private void OnCampaign(CampaignAnnounced campaign)
    {
        var isNew = campaign.Status == CampaignStatus.Running && !Running().Contains(campaign.Campaign);
        _node.Table.Hear(campaign);
        if (isNew)
        {
            TellWorkers();
        }
    }

    /// <summary>Others took this one for dead and went on without it: whatever it still does is in their way.</summary>
    private void OnQuarantined(ThisActorSystemQuarantinedEvent quarantined)
    {
        _log.Warning("{0} has gone on without this node", quarantined.RemoteAddress);
        _ = CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
    }

    /// <summary>Tells now and then, and soon when what is in hand has changed.</summary>
    private void Look()
    {
        _node.LookForStalls();
        LookForCoordinators();
        var inHand = _node.Slots.Select(slot => slot.InHand).ToArray();
        if (!inHand.SequenceEqual(_told) || _node.Time.GetElapsedTime(_toldAt) >= TellInterval)
        {
            _told = inHand;
            Tell();
        }
    }

    /// <summary>
    /// Coordinators may leave in order, or be down before this node was up: then nobody of this cluster is unreachable, and those who are
    /// left would stay in it for ever, while the coordinators are in another one.
    /// </summary>
    private void LookForCoordinators()
    {
        if (ClusterNode.IsAlive(_cluster.State))
        {
            _lastAlive = _node.Time.GetTimestamp();
        }
        else if (_node.Time.GetElapsedTime(_lastAlive) > ClusterNode.DeadClusterPatience)
        {
            _log.Warning("There is no coordinator in this cluster any more");
            _ = CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
        }
    }

    private void Tell()
    {
        _toldAt = _node.Time.GetTimestamp();
        var report = _node.Describe();
        var campaigns = _node.Board.Standings.Where(standing => standing.Value.State.Plan is not null)
            .Select(standing => new CampaignAnnounced(
                standing.Key,
                standing.Value.State.Status,
                report.Http,
                standing.Value.State.Plan!.Bundle))
            .ToArray();
        foreach (var member in _cluster.State.Members)
        {
            var other = Context.ActorSelection(new RootActorPath(member.Address) / "user" / Name);
            other.Tell(report);
            foreach (var campaign in campaigns)
            {
                other.Tell(campaign);
            }
        }
        TellWorkers();
    }

    private void TellWorkers()
    {
        var running = new RunningCampaigns([.. Running()]);
        foreach (var worker in Context.GetChildren())
        {
            worker.Tell(running);
        }
    }

    private IEnumerable<string> Running() =>
        _node.Table.Campaigns.Where(campaign => campaign.Status == CampaignStatus.Running).Select(campaign => campaign.Campaign);

    private sealed record Tick;
}
