using Akka.Actor;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>The workers a campaign knows and what each has in hand. Not journalled: workers announce themselves again.</summary>
/// <param name="firstOrder">The number of the first order; beyond those that a pool before this one gave.</param>
internal sealed class WorkerPool(long firstOrder)
{
    private readonly Dictionary<IActorRef, WorkerRole> _workers = [];
    private readonly Dictionary<IActorRef, WorkOrder> _inHand = [];
    private readonly Dictionary<WorkId, IActorRef> _failedOn = [];
    private long _nextOrder = firstOrder;

    public IReadOnlyCollection<IActorRef> Busy => _inHand.Keys;

    /// <summary>Takes note of a worker that has nothing in hand.</summary>
    /// <returns>The order it should have in hand: it never got there, and is to be sent again.</returns>
    public WorkOrder? Register(IActorRef worker, WorkerRole role)
    {
        _workers[worker] = role;
        return _inHand.GetValueOrDefault(worker);
    }

    /// <summary>Forgets a worker.</summary>
    /// <returns>What it had in hand.</returns>
    public WorkOrder? Remove(IActorRef worker)
    {
        _workers.Remove(worker);
        return _inHand.Remove(worker, out var order) ? order : null;
    }

    /// <summary>Takes note that the order of this number is in nobody's hand any more.</summary>
    public void Release(long number)
    {
        foreach (var worker in _inHand.Where(pair => pair.Value.Number == number).Select(pair => pair.Key).ToArray())
        {
            _inHand.Remove(worker);
        }
    }

    /// <summary>Whether somebody has this work in hand for another order than that of this number.</summary>
    public bool IsInOtherHands(WorkId id, long number) => _inHand.Values.Any(order => order.Id == id && order.Number != number);

    /// <summary>Takes note that a worker failed on this work: another one of its role, where there is any, has the next try.</summary>
    public void Failed(WorkId id, IActorRef worker) => _failedOn[id] = worker;

    /// <summary>Gives due work that nobody has in hand to free workers of its role, in the order given.</summary>
    public IReadOnlyList<(IActorRef Worker, WorkOrder Order)> Assign(IEnumerable<WorkOrder> due)
    {
        var taken = _inHand.Values.Select(order => order.Id).ToHashSet();
        var assigned = new List<(IActorRef Worker, WorkOrder Order)>();
        foreach (var order in due.Where(order => !taken.Contains(order.Id)))
        {
            if (CandidatesFor(order).FirstOrDefault(worker => !_inHand.ContainsKey(worker)) is { } free)
            {
                var numbered = order with { Number = _nextOrder++ };
                _inHand.Add(free, numbered);
                assigned.Add((free, numbered));
            }
        }
        return assigned;
    }

    private IEnumerable<IActorRef> CandidatesFor(WorkOrder order)
    {
        IActorRef[] able = [.. _workers.Where(pair => pair.Value == order.Role).Select(pair => pair.Key)];
        return able.Length > 1 && _failedOn.TryGetValue(order.Id, out var failed) ? able.Where(worker => !worker.Equals(failed)) : able;
    }
}
