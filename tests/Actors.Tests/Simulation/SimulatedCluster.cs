using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>
/// One schedule: real desks and slots on nodes that are killed, frozen, parted and removed, with a network and a journal that are as good
/// as Akka's and no better, until faults end; then every campaign has to end as one without faults does.
/// </summary>
internal sealed class SimulatedCluster
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan HandIn = TimeSpan.FromSeconds(3);

    private const int LongestEnd = 600_000;

    private static readonly CampaignPlan s_plan = CampaignSimulator.Plan with
    {
        Rounds = 2,
        Prompts = 4,
        HeldOutPrompts = 2,
        MaxAttempts = 1000,
    };
    private static readonly (Dictionary<WorkId, string> Orders, string End) s_faultless = RunFaultless();

    private readonly Dictionary<(SimulatedNode, SimulatedNode), long> _arrivals = [];
    private readonly Dictionary<string, SimulatedNode> _owners = [];
    private readonly SimulatedNode[] _nodes;
    private readonly long _calmFrom;
    private readonly double _loss;
    private long _pausedUntil;
    private int _runs;

    private SimulatedCluster(int seed)
    {
        Time = new VirtualTime(seed);
        var random = Time.Random;
        _calmFrom = random.Next(10_000, 80_000);
        _loss = random.NextDouble() * 0.1;
        LosesArtifacts = Time.Chance(0.25);
        var roles = Enum.GetValues<WorkerRole>()
            .Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => (WorkerRole)random.Next(5)))
            .GroupBy(_ => random.Next(3))
            .ToArray();
        _nodes =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(i => new SimulatedNode(this, [.. roles.Where(group => group.Key == i).SelectMany(group => group)])),
        ];
        Operator = new Endpoint(_nodes[0], (_, _) => { });
        foreach (var node in _nodes)
        {
            node.Start();
        }
        foreach (var campaign in new[] { "one", "two" }.Take(Time.Chance(0.5) ? 1 : 2))
        {
            Journals[campaign] = new SimulatedJournal();
            Move(campaign);
        }
        Operate();
        Time.After(3000, null, Harm);
    }

    public VirtualTime Time { get; }

    public Endpoint Operator { get; }

    public Dictionary<string, SimulatedJournal> Journals { get; } = [];

    public List<SimulatedIncarnation> Incarnations { get; } = [];

    /// <summary>Whether nothing goes wrong any more.</summary>
    public bool IsCalm => Time.Now >= _calmFrom;

    public bool LosesArtifacts { get; }

    public IReadOnlyList<string> Running =>
        [.. Journals.Where(log => log.Value.State.Status == CampaignStatus.Running).Select(log => log.Key)];

    /// <exception cref="InvariantException">Something does not hold.</exception>
    public static void Run(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        cluster.RunUntil(() => cluster.Journals.Values.All(log => log.State.Status == CampaignStatus.Completed), "a campaign does not end");
        cluster.RunUntil(
            () => cluster.IsCalm && cluster._nodes.All(node => node.IsWell && node.Slots.All(slot => slot.InHand is null)),
            "a slot stays busy");
        foreach (var log in cluster.Journals.Values)
        {
            Check(Describe(log.State) == s_faultless.End, "the end is not that of a run without faults");
        }
    }

    public int NextRun() => ++_runs;

    public void CheckSame(WorkOrder order) =>
        Check(Describe(order) == s_faultless.Orders[order.Id], $"{order.Id} is other work than without faults");

    public void TellCampaign(Endpoint from, string campaign, ICampaignMessage message)
    {
        if (from.Node.Routes.GetValueOrDefault(campaign) is { } node)
        {
            Send(from.Node, node, () => node.Entities.GetValueOrDefault(campaign)?.Hear(from, message));
        }
    }

    /// <summary>What one node sends another arrives in order, late, twice or never.</summary>
    public void Send(SimulatedNode from, SimulatedNode to, Action arrive)
    {
        if (from != to && (from.IsParted || to.IsParted || !IsCalm && Time.Chance(_loss)))
        {
            return;
        }
        var isSlow = !IsCalm && Time.Chance(from == to ? 0.002 : 0.02);
        var at = Math.Max(_arrivals.GetValueOrDefault((from, to)), Time.Now + Time.Random.Next(1, isSlow ? 3000 : from == to ? 3 : 20));
        _arrivals[(from, to)] = at;
        Time.After(at - Time.Now, to, arrive);
        if (!IsCalm && Time.Chance(0.03))
        {
            _arrivals[(from, to)] = at += Time.Random.Next(1, Time.Chance(0.2) ? 4000 : 100);
            Time.After(at - Time.Now, to, arrive);
        }
    }

    /// <summary>An entity stops and is started again where it was, as long as it belongs there.</summary>
    public void Crash(SimulatedIncarnation entity)
    {
        entity.IsAlive = false;
        Time.After(100, 2000, entity.Node, () => Host(entity.Campaign, entity.Node));
    }

    private static (Dictionary<WorkId, string> Orders, string End) RunFaultless()
    {
        var orders = new Dictionary<WorkId, string>();
        var simulator = new CampaignSimulator(s_plan);
        while (Round.Due(simulator.State).FirstOrDefault() is { } order)
        {
            orders.Add(order.Id, Describe(order));
            simulator.Command(new CompleteWork(simulator.ResultOf(order)));
        }
        return (orders, Describe(simulator.State));
    }

    private static string Describe(WorkOrder order) =>
        Text((order is JudgeOrder judge ? judge with { Known = null, IsLast = false } : order) with { Number = 0, Campaign = "" });

    private static string Describe(CampaignState state) => Text(state with
    {
        Attempts = state.Attempts.Clear(),
        StartedAt = default,
        LastEventAt = default,
        Rounds = [.. state.Rounds.Select(round => round with { TotalSeconds = Check(round.TotalSeconds) })],
    });

    private static double Check(double seconds)
    {
        SimulatedJournal.Check(seconds >= 0, $"a round took {seconds} s");
        return 0;
    }

    private static string Text(object message) => System.Text.Encoding.UTF8.GetString(WireFormat.Write(message));

    private void RunUntil(Func<bool> isSo, string otherwise)
    {
        while (!isSo())
        {
            Check(Time.Now < _calmFrom + LongestEnd, otherwise);
            Time.Step();
        }
    }

    private static void Check(bool holds, string otherwise) => SimulatedJournal.Check(holds, otherwise);

    /// <summary>An operator pauses, stops and goes on, and starts what is not started.</summary>
    private void Operate()
    {
        Time.After(1000, null, Operate);
        foreach (var node in _nodes.Where(node => node.IsWell && Time.Chance(0.2)))
        {
            Learn(node);
        }
        var at = _nodes.FirstOrDefault(node => node.IsWell);
        foreach (var (campaign, log) in Journals)
        {
            ICampaignMessage? command = log.State.Status switch
            {
                CampaignStatus.New => new StartCampaign(s_plan),
                CampaignStatus.Paused when Time.Now > _pausedUntil => new ContinueCampaign(),
                CampaignStatus.Running when Time.Chance(0.2) => new StartCampaign(s_plan),
                CampaignStatus.Running when !IsCalm && Time.Chance(0.02) => new PauseCampaign("by hand"),
                _ => null,
            };
            if (command is PauseCampaign)
            {
                _pausedUntil = Time.Now + Time.Random.Next(10_000);
            }
            if (at is not null)
            {
                Command(at, campaign, command ?? (!IsCalm && Time.Chance(0.005) ? new StopCampaign() : null));
            }
        }
    }

    private void Command(SimulatedNode at, string campaign, ICampaignMessage? command)
    {
        var node = _owners[campaign];
        if (command is not null)
        {
            Send(at, node, () => node.Entities.GetValueOrDefault(campaign)?.Hear(Operator, command));
        }
    }

    /// <summary>Every few seconds something goes wrong, but one node stays well.</summary>
    private void Harm()
    {
        if (IsCalm)
        {
            return;
        }
        Time.After(500, 8000, null, Harm);
        var node = _nodes[Time.Random.Next(_nodes.Length)];
        var campaign = Journals.Keys.ElementAt(Time.Random.Next(Journals.Count));
        var isBearable = node.IsWell && _nodes.Count(other => other.IsWell) > 1;
        switch (Time.Random.Next(6))
        {
            case 0 when isBearable:
                Kill(node);
                break;
            case 1 when isBearable:
                var thawed = Time.Random.Next(1000, 30_000);
                node.FrozenUntil = Time.Now + thawed;
                Isolate(node, thawed);
                break;
            case 2 when isBearable:
                var healed = Time.Random.Next(1000, 30_000);
                node.IsParted = true;
                Time.After(healed, null, () => node.IsParted = false);
                Isolate(node, healed);
                break;
            case 3 when _owners[campaign].Entities.GetValueOrDefault(campaign) is { IsAlive: true } entity:
                Crash(entity);
                break;
            case 4 when _owners[campaign].IsWell:
                if (_owners[campaign].Entities.GetValueOrDefault(campaign) is { } old)
                {
                    old.IsAlive = false;
                }
                Move(campaign);
                break;
        }
    }

    private void Kill(SimulatedNode node)
    {
        var voices = VoicesOf(node);
        node.Kill();
        node.IsOut = true;
        var (restarted, noticed) = (Time.Random.Next(2000, 20_000), Time.Random.Next(3000, 12_000));
        Time.After(Math.Min(restarted, noticed), null, () => Remove(node, voices));
        Time.After(restarted, null, () =>
        {
            node.Start();
            Join(node);
        });
    }

    /// <summary>Others go on without a node that they do not hear of for too long; it learns of that a while after it is back.</summary>
    private void Isolate(SimulatedNode node, long milliseconds)
    {
        var noticed = Time.Random.Next(5000, 12_000);
        if (milliseconds <= noticed)
        {
            return;
        }
        Time.After(noticed, null, () => Remove(node, VoicesOf(node)));
        Time.After(milliseconds + Time.Random.Next(8000), null, () =>
        {
            node.StopActors();
            foreach (var slot in node.Slots)
            {
                slot.Speak();
            }
            Join(node);
        });
    }

    private static Endpoint[] VoicesOf(SimulatedNode node) => [.. node.Slots.Select(slot => slot.Voice)];

    private void Remove(SimulatedNode node, Endpoint[] voices)
    {
        node.IsOut = true;
        foreach (var entity in Incarnations.Where(entity => entity.IsAlive && entity.Node != node))
        {
            foreach (var voice in voices)
            {
                Time.After(1, 1000, entity.Node, () => entity.Terminated(voice));
            }
        }
        foreach (var campaign in _owners.Where(owner => owner.Value == node).Select(owner => owner.Key).ToArray())
        {
            Move(campaign);
        }
    }

    private void Join(SimulatedNode node)
    {
        node.IsOut = false;
        Learn(node);
        foreach (var campaign in _owners.Keys)
        {
            Host(campaign, node);
        }
    }

    private void Learn(SimulatedNode node)
    {
        foreach (var (campaign, owner) in _owners)
        {
            node.Routes[campaign] = owner;
        }
    }

    /// <summary>A campaign's entity belongs to some node that is well, and nodes learn of it sooner or later.</summary>
    private void Move(string campaign)
    {
        SimulatedNode[] able = [.. _nodes.Where(node => node.IsWell)];
        if (able.Length == 0)
        {
            Time.After(1000, null, () => Move(campaign));
            return;
        }
        var owner = _owners[campaign] = able[Time.Random.Next(able.Length)];
        Time.After(1, 1500, owner, () => Host(campaign, owner));
    }

    private void Host(string campaign, SimulatedNode node)
    {
        if (_owners[campaign] == node && node.Entities.GetValueOrDefault(campaign) is not { IsAlive: true })
        {
            Incarnations.Add(node.Entities[campaign] = new SimulatedIncarnation(this, campaign, node));
        }
    }
}
