using System.Collections.Concurrent;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>How artifacts come to a node and go from it, beside those that it has.</summary>
public interface IArtifactExchange
{
    /// <summary>Makes them be in this node's store.</summary>
    Task FetchAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken);

    /// <summary>Sees to it that they are kept where a campaign can read them.</summary>
    Task OfferAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken);
}

/// <summary>For a node that has everything itself.</summary>
internal sealed class OneStore : IArtifactExchange
{
    public Task FetchAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task OfferAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Who speaks for a slot: it changes when the actor system of a node does.</summary>
/// <param name="Progressed">Told how far the work of a campaign is.</param>
/// <param name="Ended">Told that there is something to tell.</param>
internal sealed record SlotListener(Action<string, WorkProgress> Progressed, Action Ended);

/// <summary>
/// A place on this node where one unit of work of a role is done at a time, for whichever campaign. It knows no actor system and outlives it:
/// work in hand goes on while a node is parted from its cluster, and is told when there is one again. What came of work is kept until the
/// campaign has settled it. A worker whose engine may have failed is replaced.
/// </summary>
/// <param name="create">Makes the worker for orders like this one.</param>
/// <param name="stepsBack">Whether there may be other nodes: trouble of this one is no failure then, and for a while it takes nothing of that campaign.</param>
internal sealed class WorkSlot(
    WorkerRole role, Func<WorkOrder, CancellationToken, Task<IWorker>> create, IArtifactExchange artifacts, TimeProvider time, bool stepsBack)
    : IAsyncDisposable
{
    private static readonly TimeSpan StepBack = TimeSpan.FromSeconds(30);

    /// <summary>Coordinators that are away are a pause.</summary>
    private static readonly TimeSpan OfferPause = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _newest = [];
    private readonly ConcurrentDictionary<string, (string Trouble, DateTimeOffset Until)> _troubles = [];
    private Job? _job;
    private bool _isClosed;
    private Task _work = Task.CompletedTask;
    private IWorker? _worker;
    private (string Campaign, Digest? Bundle) _worksFor;

    public WorkerRole Role => role;

    public SlotListener? Listener { get; set; }

    /// <summary>Units of work that ended here, whatever came of them.</summary>
    public long Ended { get; private set; }

    /// <summary>Why it takes nothing of a campaign, by the campaign's name.</summary>
    public IReadOnlyDictionary<string, string> Troubles =>
        _troubles.Where(known => known.Value.Until > time.GetUtcNow()).ToDictionary(known => known.Key, known => known.Value.Trouble);

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
                job.Order = order;
                return job.Told(role);
            }
            if (_job is not null || _isClosed)
            {
                return new WorkCancelled(order.Id, order.Number);
            }
            var begun = _job = new Job(order);
            _work = Task.Run(() => RunAsync(begun, begun.Cancellation.Token));
            return null;
        }
    }

    /// <summary>Gives up the order of this number, or whatever is in hand.</summary>
    public void Cancel(long? order = null)
    {
        lock (_lock)
        {
            if (_job is { } job && (order is null || job.Order.Number == order))
            {
                job.Cancellation.Cancel();
            }
        }
    }

    /// <summary>The campaign knows what came of the order of this number.</summary>
    public void Settle(long order)
    {
        lock (_lock)
        {
            if (_job is { Outcome: not null } job && job.Order.Number == order)
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

    /// <summary>Gives up what is in hand, and unloads the engine once it has come to rest.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        Cancel();
        await _work;
        await UnloadAsync();
    }

    private async Task RunAsync(Job job, CancellationToken cancellationToken)
    {
        var id = job.Order.Id;
        Func<long, ICampaignMessage> outcome;
        try
        {
            var result = await DoAsync(job.Order, cancellationToken);
            outcome = number => new CompleteWork(result, number);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = number => new WorkCancelled(id, number);
        }
        catch (Exception e) when (stepsBack && WorkFailures.IsOfNode(e))
        {
            _troubles[job.Order.Campaign] = (e.Message, time.GetUtcNow() + StepBack);
            outcome = number => new WorkCancelled(id, number);
        }
        catch (Exception e)
        {
            var (kind, partial) = (WorkFailures.KindOf(e), (e as UnfinishedWorkException)?.Partial);
            outcome = number => new FailWork(id, e.Message, kind, partial, number, WorkFailures.LostIn(e));
            if (kind == FailureKind.Transient && partial is null && e is not BlobUnavailableException)
            {
                await UnloadAsync();
            }
        }
        lock (_lock)
        {
            Ended++;
            job.Outcome = outcome;
        }
        Listener?.Ended();
    }

    private async Task<WorkResult> DoAsync(WorkOrder order, CancellationToken cancellationToken)
    {
        if (_worker is null || _worksFor != (order.Campaign, order.Bundle))
        {
            await UnloadAsync();
            _worker = await create(order, cancellationToken);
            _worksFor = (order.Campaign, order.Bundle);
        }
        await artifacts.FetchAsync(order.Needs, cancellationToken);
        try
        {
            var result = await _worker.DoAsync(order, progress => Listener?.Progressed(order.Campaign, progress), cancellationToken);
            await OfferAsync(result, cancellationToken);
            return result;
        }
        catch (UnfinishedWorkException e)
        {
            await OfferAsync(e.Partial, cancellationToken);
            throw;
        }
    }

    /// <summary>The work is done: whatever is the matter with those who keep it, it is not done again.</summary>
    private async Task OfferAsync(WorkResult result, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await artifacts.OfferAsync(result.Leaves, cancellationToken);
                return;
            }
            catch (BlobUnavailableException)
            {
                await Task.Delay(OfferPause, time, cancellationToken);
            }
        }
    }

    private async Task UnloadAsync()
    {
        if (Interlocked.Exchange(ref _worker, null) is { } worker)
        {
            await worker.DisposeAsync();
        }
    }

    private sealed class Job(WorkOrder order)
    {
        public WorkOrder Order { get; set; } = order;

        public CancellationTokenSource Cancellation { get; } = new();

        /// <summary>What came of it, by the number of the order; null while it is in hand.</summary>
        public Func<long, ICampaignMessage>? Outcome { get; set; }

        public ICampaignMessage Told(WorkerRole role) => Outcome?.Invoke(Order.Number) ?? new WorkInHand(role, Order.Id, Order.Number);
    }
}
