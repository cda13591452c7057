using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using static IterativeDpo.Actors.Tests.Simulation.SimulatedJournal;

namespace IterativeDpo.Actors.Tests.Simulation;

/// <summary>Who is told by campaigns: a worker as long as its actor system lives, or an operator.</summary>
internal sealed class Endpoint(SimulatedNode node, Action<SimulatedIncarnation, ICampaignMessage> hear)
{
    public SimulatedNode Node => node;

    public bool IsAlive { get; set; } = true;

    public void Hear(SimulatedIncarnation from, ICampaignMessage message)
    {
        if (IsAlive)
        {
            hear(from, message);
        }
    }
}

/// <summary>
/// A campaign's entity on a node, from recovery to its end, as Akka treats it: what it hears waits while it recovers or journals.
/// </summary>
internal sealed class SimulatedIncarnation : IDeskSurroundings<Endpoint>
{
    private readonly SimulatedCluster _cluster;
    private readonly CampaignDesk<Endpoint> _desk;
    private readonly Queue<(Endpoint Sender, object Message)> _waiting = [];
    private readonly HashSet<Endpoint> _watched = [];
    private readonly Dictionary<Endpoint, (WorkId Id, long Order, DateTimeOffset At)> _heard = [];
    private readonly Dictionary<long, (Endpoint Worker, WorkId Id)> _given = [];
    private bool _busy = true;
    private bool _stopping;
    private long _sequence;
    private DateTimeOffset? _met;

    public SimulatedIncarnation(SimulatedCluster cluster, string campaign, SimulatedNode node)
    {
        (_cluster, Campaign, Node) = (cluster, campaign, node);
        _desk = new CampaignDesk<Endpoint>(campaign, node.Clock, SimulatedCluster.Lease, SimulatedCluster.HandIn, this);
        cluster.Time.After(1, 500, node, Recover);
    }

    public string Campaign { get; }

    public SimulatedNode Node { get; }

    public bool IsAlive { get; set; } = true;

    private SimulatedJournal Log => _cluster.Journals[Campaign];

    private (long Least, long Most)? Numbers => _given.Count == 0 ? null : (_given.Keys.Min(), _given.Keys.Max());

    public void Hear(Endpoint sender, object message)
    {
        _waiting.Enqueue((sender, message));
        GoOn();
    }

    public string Describe() => $"alive {IsAlive} busy {_busy} stopping {_stopping} seq {_sequence} waiting {_waiting.Count}";

    public void Terminated(Endpoint worker)
    {
        if (_watched.Contains(worker))
        {
            Hear(worker, new Gone());
        }
    }

    void IDeskSurroundings<Endpoint>.TellWatchers(ICampaignMessage message)
    {
    }

    void IDeskSurroundings<Endpoint>.Watch(Endpoint worker)
    {
        _watched.Add(worker);
        _met ??= Node.Clock.GetUtcNow();
    }

    void IDeskSurroundings<Endpoint>.Tell(Endpoint to, ICampaignMessage message)
    {
        switch (message)
        {
            case WorkOrder order:
                CheckOrder(to, order);
                break;
            case CancelWork cancel when _heard.TryGetValue(to, out var held) && held.Order == cancel.Order:
                Check(
                    _stopping || !IsOpen(_desk.State, held.Id) || _given.Any(other => other.Value.Id == held.Id && other.Key > held.Order)
                        || _heard.Values.Any(other => other.Id == held.Id && other.Order > held.Order),
                    $"{held.Id} is wanted and was cancelled");
                break;
        }
        _cluster.Send(Node, to.Node, () => to.Hear(this, message));
    }

    void IDeskSurroundings<Endpoint>.Stop() => _cluster.Crash(this);

    void IDeskSurroundings<Endpoint>.Journal(IReadOnlyList<CampaignEvent> events, Action then)
    {
        _busy = true;
        var (time, isCalm) = (_cluster.Time, _cluster.IsCalm);
        time.After(time.Chance(0.02) ? 3000 : time.Random.Next(1, 40), null, () =>
        {
            // The database does it whatever became of the node meanwhile.
            var isKept = (isCalm || !time.Chance(0.01)) && Log.Append(this, _sequence, events);
            var isKnown = isKept && (isCalm || !time.Chance(0.005));
            time.After(1, Node, () => OnJournalled(events, then, isKnown));
        });
    }

    private void OnJournalled(IReadOnlyList<CampaignEvent> events, Action then, bool isKnown)
    {
        if (!IsAlive)
        {
            return;
        }
        if (!isKnown)
        {
            _cluster.Crash(this);
            return;
        }
        foreach (var @event in events)
        {
            _desk.Apply(@event, ++_sequence);
        }
        _busy = false;
        then();
        GoOn();
    }

    private void Recover()
    {
        foreach (var @event in Log.Events)
        {
            _desk.Apply(@event, ++_sequence);
        }
        _cluster.Time.After(0, 300, Node, () =>
        {
            _busy = false;
            _desk.Hear(_cluster.Operator, new ResumeCampaign());
            GoOn();
            Look();
        });
    }

    private void Look()
    {
        if (IsAlive)
        {
            _cluster.Time.After(1000, Node, Look);
            Hear(_cluster.Operator, "look");
        }
    }

    private void GoOn()
    {
        while (IsAlive && !_busy && _waiting.TryDequeue(out var next))
        {
            if (next.Message is Gone)
            {
                _heard.Remove(next.Sender);
                _desk.Lose(next.Sender, "stopped");
            }
            else if (next.Message is ICampaignMessage message)
            {
                Note(next.Sender, message);
                _desk.Hear(next.Sender, message);
            }
            else
            {
                _desk.Look();
            }
            Check(
                _desk.Remembered.All(id => _desk.State.Open.Any(round => round.Number == id.Round)),
                "failures of a round that has ended are remembered");
        }
    }

    /// <summary>What this incarnation was told, kept apart from what it makes of it.</summary>
    private void Note(Endpoint sender, ICampaignMessage message)
    {
        var now = Node.Clock.GetUtcNow();
        switch (message)
        {
            case WorkInHand work when work.Order >> 24 <= _sequence:
                _heard[sender] = (work.Id, work.Order, now);
                break;
            case WorkProgress when _heard.TryGetValue(sender, out var held) && now - held.At <= SimulatedCluster.Lease:
                _heard[sender] = held with { At = now };
                break;
            case WorkerReady:
                _heard.Remove(sender);
                break;
            case CompleteWork { Order: var order }:
                Forget(order);
                break;
            case FailWork { Order: var order }:
                Forget(order);
                break;
            case WorkCancelled { Order: var order }:
                Forget(order);
                break;
            case StopCampaign:
                _stopping = true;
                break;
            case StartCampaign or ContinueCampaign:
                _stopping = false;
                break;
        }
    }

    private void Forget(long order)
    {
        foreach (var worker in _heard.Where(held => held.Value.Order == order).Select(held => held.Key).ToArray())
        {
            _heard.Remove(worker);
        }
    }

    private void CheckOrder(Endpoint to, WorkOrder order)
    {
        var now = Node.Clock.GetUtcNow();
        Check(!_stopping && Round.Due(_desk.State).Any(due => due.Id == order.Id), $"{order.Id} goes out and is not due");
        Check(now >= _met + SimulatedCluster.HandIn, $"{order.Id} goes out before workers said what they have in hand");
        if (_given.TryGetValue(order.Number, out var before))
        {
            Check(before == (to, order.Id), $"two orders have the number {order.Number}");
            return;
        }
        Check(
            !_heard.Values.Any(held => held.Id == order.Id && now - held.At <= SimulatedCluster.Lease),
            $"{order.Id} goes out while a worker has it in hand");
        var turn = Log.TurnOf(this);
        Check(turn >= 0, $"{order.Id} goes out before this incarnation journalled anything");
        foreach (var other in _cluster.Incarnations.Where(other => other.Campaign == Campaign && other.Numbers is not null))
        {
            var isGreater = other == this || Log.TurnOf(other) < turn;
            Check(
                isGreater ? order.Number > other.Numbers!.Value.Most : order.Number < other.Numbers!.Value.Least,
                $"number {order.Number} of {order.Id} is not between those of other incarnations");
        }
        _given.Add(order.Number, (to, order.Id));
    }

    private sealed record Gone;
}
