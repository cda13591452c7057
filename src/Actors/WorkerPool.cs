using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>
/// The workers a campaign knows and what each has in hand. Work in hand is leased: who is not heard of for as long as a lease lasts has
/// lost it. Not journalled: workers say again and again that they are ready, or what they have in hand.
/// </summary>
/// <param name="lease">How long a worker may be silent.</param>
internal sealed class WorkerPool<TWorker>(TimeSpan lease) where TWorker : notnull
{
    private readonly Dictionary<TWorker, Worker> _workers = [];
    private readonly Dictionary<WorkId, TWorker> _failedOn = [];
    private long _lastOrder;

    public IEnumerable<(TWorker Worker, WorkId Id, long Number)> InHand =>
        _workers.Where(pair => pair.Value.InHand is not null).Select(pair => (pair.Key, pair.Value.InHand!.Id, pair.Value.InHand.Number));

    /// <summary>The roles that somebody plays.</summary>
    public IEnumerable<WorkerRole> Roles => _workers.Values.Select(worker => worker.Role).Distinct();

    /// <summary>Work that a worker is remembered to have failed on.</summary>
    public IEnumerable<WorkId> Failures => _failedOn.Keys;

    /// <summary>From now on orders have greater numbers than this.</summary>
    public void NumberFrom(long number) => _lastOrder = Math.Max(_lastOrder, number);

    /// <summary>Takes note of a worker that has nothing in hand.</summary>
    /// <returns>The order it should have in hand: it never got there, and is to be sent again.</returns>
    public WorkOrder? Ready(TWorker worker, WorkerRole role, DateTimeOffset now)
    {
        var order = _workers.GetValueOrDefault(worker)?.InHand?.Order;
        _workers[worker] = new Worker(role, now, order is null ? null : new Lease(order.Id, order.Number, order));
        return order;
    }

    /// <summary>Takes note of what a worker has in hand, whoever gave it out.</summary>
    public void Busy(TWorker worker, WorkerRole role, WorkId id, long number, DateTimeOffset now)
    {
        var known = _workers.GetValueOrDefault(worker)?.InHand;
        _workers[worker] = new Worker(role, now, known?.Number == number ? known : new Lease(id, number, null));
    }

    /// <summary>Takes note that a worker was heard of.</summary>
    public void Heard(TWorker worker, DateTimeOffset now)
    {
        if (_workers.TryGetValue(worker, out var known))
        {
            _workers[worker] = known with { HeardAt = now };
        }
    }

    /// <summary>Counts everybody's silence from now on.</summary>
    public void HeardAll(DateTimeOffset now)
    {
        foreach (var worker in _workers.Keys.ToArray())
        {
            Heard(worker, now);
        }
    }

    /// <summary>Forgets a worker.</summary>
    /// <returns>What it had in hand.</returns>
    public (WorkId Id, long Number)? Remove(TWorker worker) =>
        _workers.Remove(worker, out var known) && known.InHand is { } lost ? (lost.Id, lost.Number) : null;

    /// <summary>The workers that have been silent for too long.</summary>
    public IReadOnlyList<TWorker> Silent(DateTimeOffset now) =>
        [.. _workers.Where(pair => now - pair.Value.HeardAt > lease).Select(pair => pair.Key)];

    /// <summary>Takes note that the order of this number is in nobody's hand any more.</summary>
    public void Release(long number)
    {
        foreach (var (worker, known) in _workers.Where(pair => pair.Value.InHand?.Number == number).ToArray())
        {
            _workers[worker] = known with { InHand = null };
        }
    }

    /// <summary>Whether somebody has this work in hand for another order than that of this number.</summary>
    public bool IsInOtherHands(WorkId id, long number) => InHand.Any(held => held.Id == id && held.Number != number);

    /// <summary>Whether somebody has this work in hand for a later order than that of this number.</summary>
    public bool IsInLaterHands(WorkId id, long number) => InHand.Any(held => held.Id == id && held.Number > number);

    /// <summary>Takes note that a worker failed on this work: another one of its role, where there is any, has the next try.</summary>
    public void Failed(WorkId id, TWorker worker) => _failedOn[id] = worker;

    /// <summary>Forgets who failed on work of a round.</summary>
    public void ForgetFailures(int round)
    {
        foreach (var id in _failedOn.Keys.Where(id => id.Round == round).ToArray())
        {
            _failedOn.Remove(id);
        }
    }

    /// <summary>Gives due work that nobody has in hand to free workers of its role, in the order given.</summary>
    public IReadOnlyList<(TWorker Worker, WorkOrder Order)> Assign(IEnumerable<WorkOrder> due)
    {
        var taken = InHand.Select(held => held.Id).ToHashSet();
        var assigned = new List<(TWorker Worker, WorkOrder Order)>();
        foreach (var order in due.Where(order => !taken.Contains(order.Id)))
        {
            foreach (var worker in CandidatesFor(order).Where(worker => _workers[worker].InHand is null).Take(1).ToArray())
            {
                var numbered = order with { Number = ++_lastOrder };
                _workers[worker] = _workers[worker] with { InHand = new Lease(order.Id, numbered.Number, numbered) };
                assigned.Add((worker, numbered));
            }
        }
        return assigned;
    }

    private IEnumerable<TWorker> CandidatesFor(WorkOrder order)
    {
        TWorker[] able = [.. _workers.Where(pair => pair.Value.Role == order.Role).Select(pair => pair.Key)];
        return able.Length > 1 && _failedOn.TryGetValue(order.Id, out var failed) ? able.Where(worker => !worker.Equals(failed)) : able;
    }

    private sealed record Worker(WorkerRole Role, DateTimeOffset HeardAt, Lease? InHand);

    /// <param name="Order">Null where another incarnation of the campaign gave it out.</param>
    private sealed record Lease(WorkId Id, long Number, WorkOrder? Order);
}
