using System.Collections.Immutable;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Tests;
using static IterativeDpo.Actors.Tests.Simulation.SimulatedJournal;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>A process with slots and, now and then, campaigns.</summary>
internal sealed class SimulatedNode(SimulatedCluster cluster, IReadOnlyList<WorkerRole> roles)
{
    public TimeProvider Clock { get; } = new SkewedClock(cluster.Time, TimeSpan.FromSeconds(cluster.Time.Random.Next(-3600, 3600)));

    public int Life { get; private set; }

    public long FrozenUntil { get; set; }

    /// <summary>Whether nothing gets through to others.</summary>
    public bool IsParted { get; set; }

    /// <summary>Whether others have gone on without it, or it is down.</summary>
    public bool IsOut { get; set; }

    public bool IsWell => !IsOut && !IsParted && FrozenUntil <= cluster.Time.Now;

    public IReadOnlyList<SimulatedSlot> Slots { get; private set; } = [];

    public Dictionary<string, SimulatedIncarnation> Entities { get; } = [];

    /// <summary>Where it believes that campaigns are.</summary>
    public Dictionary<string, SimulatedNode> Routes { get; } = [];

    /// <summary>Slots with nothing in hand.</summary>
    public void Start() => Slots = [.. roles.Select(role => new SimulatedSlot(cluster, this, role))];

    public void Kill()
    {
        Life++;
        FrozenUntil = 0;
        StopActors();
        Slots = [];
    }

    /// <summary>The actor system ends; slots outlive it.</summary>
    public void StopActors()
    {
        foreach (var entity in Entities.Values)
        {
            entity.IsAlive = false;
        }
        foreach (var slot in Slots)
        {
            slot.Voice.IsAlive = false;
        }
    }
}

/// <summary>A slot that does its work by waiting.</summary>
internal sealed class SimulatedSlot
{
    private static readonly CampaignSimulator s_results = new();

    private readonly SimulatedCluster _cluster;
    private readonly SimulatedNode _node;
    private readonly SlotState _state;
    private readonly Dictionary<string, long> _newest = [];
    private Action _tell = () => { };
    private SlotJob? _job;

    public SimulatedSlot(SimulatedCluster cluster, SimulatedNode node, WorkerRole role)
    {
        (_cluster, _node) = (cluster, node);
        _state = new SlotState(role, node.Clock, Begin);
        Voice = Speak();
    }

    public Endpoint Voice { get; private set; }

    public WorkOrder? InHand => _state.InHand;

    public bool IsAtWork => _job is { Outcome: null };

    /// <summary>A new actor speaks for it.</summary>
    public Endpoint Speak()
    {
        SlotVoice voice = null!;
        Endpoint self = null!;
        voice = new SlotVoice(
            _state,
            [],
            (campaign, message) => _cluster.TellCampaign(self, campaign, message),
            others => _cluster.Time.After(100, _node, () => IfAlive(() => voice.TellOthers(others))));
        self = new Endpoint(_node, (from, message) => Hear(voice, from, message));
        _tell = () => IfAlive(voice.Tell);
        Tick();
        return Voice = self;

        void IfAlive(Action act)
        {
            if (self.IsAlive)
            {
                act();
            }
        }

        void Tick() => _cluster.Time.After(_cluster.Time.Random.Next(900, 1100), _node, () => IfAlive(() =>
        {
            voice.OnRunning(_cluster.Running);
            voice.Tell();
            Tick();
        }));
    }

    private void Hear(SlotVoice voice, SimulatedIncarnation from, ICampaignMessage message)
    {
        var before = _state.Telling;
        var held = _state.InHand;
        switch (message)
        {
            case WorkOrder order:
                voice.OnOrder(order);
                Check(
                    ReferenceEquals(held, _state.InHand) || order.Number >= _newest.GetValueOrDefault(order.Campaign),
                    $"an order of a replaced incarnation was taken: {order.Id}, {order.Number}");
                _newest[order.Campaign] = Math.Max(order.Number, _newest.GetValueOrDefault(order.Campaign));
                break;
            case CancelWork cancel:
                var wasCancelled = _job?.Cancellation.IsCancellationRequested;
                _state.Cancel(cancel.Campaign, cancel.Order);
                Check(
                    wasCancelled == _job?.Cancellation.IsCancellationRequested || held!.Campaign == from.Campaign,
                    $"{from.Campaign} cancelled work of {held?.Campaign}");
                break;
            case NoWork none:
                voice.OnNoWork(none.Campaign);
                break;
            case WorkSettled settled:
                voice.OnSettled(settled);
                var isDropped = held is not null && _state.InHand is null && before is { Message: CompleteWork };
                Check(
                    !isDropped || _cluster.Journals[held!.Campaign].HasLosses || !IsOpen(_cluster.Journals[held.Campaign].State, held.Id),
                    $"the result of {held?.Campaign} {held?.Id} was dropped and never counted");
                break;
        }
    }

    private void Begin(SlotJob job)
    {
        _job = job;
        var (time, order) = (_cluster.Time, job.Order);
        _cluster.CheckSame(order);
        var milliseconds = (order is TrainOrder ? 3000 : 300) + time.Random.Next(3000) * (time.Chance(0.1) ? 5 : 1);
        job.Cancellation.Token.Register(() => time.After(1, 800, _node, () => End(job, number => new WorkCancelled(order.Id, number))));
        time.After(milliseconds, _node, () => End(job, OutcomeOf(order)));
        Report();

        void Report() => time.After(700, _node, () =>
        {
            if (job.Outcome is null)
            {
                _cluster.TellCampaign(
                    Voice,
                    order.Campaign,
                    new WorkProgress(order.Id, 1, 2, 0, 0, ImmutableSortedDictionary<string, double>.Empty));
                Report();
            }
        });
    }

    private void End(SlotJob job, Func<long, ICampaignMessage> outcome)
    {
        if (job.Outcome is null)
        {
            _state.End(job, outcome);
            _tell();
        }
    }

    private Func<long, ICampaignMessage> OutcomeOf(WorkOrder order)
    {
        var (time, id) = (_cluster.Time, order.Id);
        if (!_cluster.IsCalm && time.Chance(0.02))
        {
            _state.StepBack(order.Campaign, "no room");
            return number => new WorkCancelled(id, number);
        }
        if (!_cluster.IsCalm && time.Chance(0.06))
        {
            var reason = $"run {_cluster.NextRun()}";
            var lost = _cluster.LosesArtifacts && time.Chance(0.3) ? order.Needs.FirstOrDefault() : default;
            return number => new FailWork(id, reason, FailureKind.Transient, Order: number, Lost: lost == default ? null : lost);
        }
        var result = s_results.ResultOf(order);
        return number => new CompleteWork(result, number);
    }
}
