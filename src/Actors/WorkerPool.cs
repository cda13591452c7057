using Akka.Actor;
using IterativeDpo.Actors.Protocol;

namespace IterativeDpo.Actors;

/// <summary>The workers a campaign knows and what each has in hand. Not journalled: workers announce themselves again.</summary>
internal sealed class WorkerPool
{
    private readonly Dictionary<IActorRef, WorkerRole> _workers = [];
    private readonly Dictionary<IActorRef, WorkOrder> _inHand = [];
    private readonly Dictionary<WorkId, IActorRef> _failedOn = [];

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

    /// <summary>Takes note that this work is in nobody's hand any more.</summary>
    public void Release(WorkId id)
    {
        foreach (var worker in _inHand.Where(pair => pair.Value.Id == id).Select(pair => pair.Key).ToArray())
        {
            _inHand.Remove(worker);
        }
    }

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
                _inHand.Add(free, order);
                assigned.Add((free, order));
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
