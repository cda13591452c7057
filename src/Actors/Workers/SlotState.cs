using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>Work that a slot has begun.</summary>
internal sealed class SlotJob(WorkOrder order)
{
    public WorkOrder Order { get; set; } = order;

    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>What came of it, by the number of the order; null while it is in hand.</summary>
    public Func<long, ICampaignMessage>? Outcome { get; set; }

    public ICampaignMessage Told(WorkerRole role) => Outcome?.Invoke(Order.Number) ?? new WorkInHand(role, Order.Id, Order.Number);
}

/// <summary>What a slot has in hand and what there is to tell of it, whoever does the work. Safe for several threads.</summary>
/// <param name="begin">Has the work done; <see cref="End"/> says what came of it.</param>
internal sealed class SlotState(WorkerRole role, TimeProvider time, Action<SlotJob> begin)
{
    private static readonly TimeSpan StepBackTime = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _newest = [];
    private readonly Dictionary<string, (string Trouble, DateTimeOffset Until)> _troubles = [];
    private SlotJob? _job;
    private bool _isClosed;

    public WorkerRole Role => role;

    /// <summary>Units of work that ended here, whatever came of them.</summary>
    public long Ended { get; private set; }

    /// <summary>Why it takes nothing of a campaign, by the campaign's name.</summary>
    public IReadOnlyDictionary<string, string> Troubles
    {
        get
        {
            lock (_lock)
            {
                return _troubles
                    .Where(known => known.Value.Until > time.GetUtcNow())
                    .ToDictionary(known => known.Key, known => known.Value.Trouble);
            }
        }
    }

    /// <summary>What is in hand or not settled; null is nothing.</summary>
    public WorkOrder? InHand
    {
        get
        {
            lock (_lock) return _job?.Order;
        }
    }

    /// <summary>Whether it takes work.</summary>
    public bool IsFree
    {
        get
        {
            lock (_lock) return _job is null && !_isClosed;
        }
    }

    /// <summary>What there is to tell, and whom: that work is in hand, or what came of it. Null where it is free.</summary>
    public (string Campaign, ICampaignMessage Message)? Telling
    {
        get
        {
            lock (_lock) return _job is { } job ? (job.Order.Campaign, job.Told(role)) : null;
        }
    }

    /// <summary>Begins what is ordered.</summary>
    /// <returns>What to answer at once; null is nothing.</returns>
    public ICampaignMessage? Take(WorkOrder order)
    {
        lock (_lock)
        {
            // From a campaign that another incarnation has replaced, which does not know it yet.
            if (order.Number < _newest.GetValueOrDefault(order.Campaign))
            {
                return null;
            }
            _newest[order.Campaign] = order.Number;
            if (_job is { } job && (job.Order.Campaign, job.Order.Id) == (order.Campaign, order.Id))
            {
                var isNewer = order.Number > job.Order.Number;
                job.Order = order;
                if (isNewer && job.Outcome is not null && job.Told(role) is not CompleteWork)
                {
                    // It knows that this came to nothing, or never will: it is not told as what came of this order too.
                    begin(_job = new SlotJob(order));
                    return null;
                }
                return job.Told(role);
            }
            if (_job is not null || _isClosed)
            {
                return new WorkCancelled(order.Id, order.Number);
            }
            begin(_job = new SlotJob(order));
            return null;
        }
    }

    /// <summary>Gives up what is in hand.</summary>
    public void Cancel()
    {
        lock (_lock) _job?.Cancellation.Cancel();
    }

    /// <summary>Gives up this order of a campaign.</summary>
    public void Cancel(string campaign, long order)
    {
        lock (_lock)
        {
            if (IsInHand(campaign, order))
            {
                _job!.Cancellation.Cancel();
            }
        }
    }

    /// <summary>For a while nothing of this campaign is taken: others shall do it.</summary>
    public void StepBack(string campaign, string trouble)
    {
        lock (_lock) _troubles[campaign] = (WorkFailures.Shorten(trouble), time.GetUtcNow() + StepBackTime);
    }

    /// <summary>The work came to this, which is told until it is settled.</summary>
    public void End(SlotJob job, Func<long, ICampaignMessage> outcome)
    {
        lock (_lock)
        {
            Ended++;
            job.Outcome = outcome;
        }
    }

    /// <summary>The campaign knows what came of this order.</summary>
    public void Settle(string campaign, long order)
    {
        lock (_lock)
        {
            if (IsInHand(campaign, order) && _job!.Outcome is not null)
            {
                _job = null;
            }
        }
    }

    /// <summary>Takes nothing more.</summary>
    public void Close()
    {
        lock (_lock) _isClosed = true;
    }

    private bool IsInHand(string campaign, long order) => _job is { } job && (job.Order.Campaign, job.Order.Number) == (campaign, order);
}
