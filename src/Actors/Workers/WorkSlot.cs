using System.Diagnostics;
using IterativeDpo.Actors.Blobs;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using static System.Globalization.CultureInfo;

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
internal sealed record SlotListener(Action<string, ICampaignMessage> Progressed, Action Ended);

/// <summary>
/// A place on this node where one unit of work of a role is done at a time, for whichever campaign. It knows no actor system and outlives
/// it: work in hand goes on while a node is parted from its cluster, and is told when there is one again. What came of work is kept until
/// the campaign has settled it. A worker whose engine may have failed is replaced.
/// </summary>
internal sealed class WorkSlot : IAsyncDisposable
{
    /// <summary>Coordinators that are away are a pause.</summary>
    private static readonly TimeSpan OfferPause = TimeSpan.FromSeconds(2);

    /// <summary>Who gives up work waits no longer than this for its last checkpoint to be kept elsewhere.</summary>
    private static readonly TimeSpan LastCheckpointTimeout = TimeSpan.FromSeconds(3);

    private readonly Func<WorkOrder, CancellationToken, Task<IWorker>> _create;
    private readonly IArtifactExchange _artifacts;
    private readonly TimeProvider _time;
    private readonly bool _stepsBack;
    private readonly ArtifactCache? _cache;
    private readonly Action<string>? _note;
    private long _heard;
    private Task _work = Task.CompletedTask;
    private Task _checkpoint = Task.CompletedTask;
    private IWorker? _worker;
    private (string Campaign, Digest? Bundle) _worksFor;

    /// <param name="create">Makes the worker for orders like this one.</param>
    /// <param name="stepsBack">Whether there may be other nodes: trouble of this one is no failure then, and for a while it takes nothing
    /// of that campaign.</param>
    /// <param name="cache">What this node has artifacts in, where others keep them; null where it keeps all.</param>
    /// <param name="note">Told of each unit that was done, a line each.</param>
    public WorkSlot(
        WorkerRole role,
        Func<WorkOrder, CancellationToken, Task<IWorker>> create,
        IArtifactExchange artifacts,
        TimeProvider time,
        bool stepsBack,
        ArtifactCache? cache = null,
        Action<string>? note = null)
    {
        (_create, _artifacts, _time, _stepsBack, _cache, _note) = (create, artifacts, time, stepsBack, cache, note);
        State = new SlotState(role, time, job =>
        {
            // What was heard before was of other work: silence begins with this one, also where the thread pool lets it wait.
            Hear();
            _work = Task.Run(() => RunAsync(job, job.Cancellation.Token));
        });
    }

    public SlotState State { get; }

    public WorkerRole Role => State.Role;

    public SlotListener? Listener { get; set; }

    public long Ended => State.Ended;

    public IReadOnlyDictionary<string, string> Troubles => State.Troubles;

    public WorkOrder? InHand => State.InHand;

    /// <summary>For how long an engine at work has said nothing; null where none is. Judges have time limits of their own.</summary>
    public TimeSpan? Silence => Role is WorkerRole.Generator or WorkerRole.Trainer && InHand is not null && !_work.IsCompleted
        ? _time.GetElapsedTime(Interlocked.Read(ref _heard))
        : null;

    /// <summary>Gives up what is in hand.</summary>
    public void Cancel() => State.Cancel();

    /// <summary>Takes nothing more.</summary>
    public void Close() => State.Close();

    /// <summary>Gives up what is in hand, and unloads the engine once it has come to rest.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        Cancel();
        await _work;
        await UnloadAsync();
    }

    private async Task RunAsync(SlotJob job, CancellationToken cancellationToken)
    {
        var id = job.Order.Id;
        Func<long, ICampaignMessage> outcome;
        using var activity = Telemetry.Begin(job.Order);
        try
        {
            var result = await DoAsync(job.Order, cancellationToken);
            Telemetry.Done(job.Order, result);
            outcome = number => new CompleteWork(result, number);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await _checkpoint;
            outcome = number => new WorkCancelled(id, number);
        }
        catch (Exception e) when (_stepsBack && WorkFailures.IsOfNode(e))
        {
            State.StepBack(job.Order.Campaign, e.Message);
            outcome = number => new WorkCancelled(id, number);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            var (kind, partial) = (WorkFailures.KindOf(e), (e as UnfinishedWorkException)?.Partial);
            outcome = number => new FailWork(
                id,
                WorkFailures.Shorten(e.Message),
                kind,
                partial,
                number,
                WorkFailures.LostIn(e),
                job.Order.Bundle);
            if (kind == FailureKind.Transient && partial is null && e is not BlobUnavailableException)
            {
                await UnloadAsync();
            }
        }
        State.End(job, outcome);
        Listener?.Ended();
    }

    private async Task<WorkResult> DoAsync(WorkOrder order, CancellationToken cancellationToken)
    {
        using var pin = _cache?.Pin(order.Needs);
        Hear();
        if (_worker is null || _worksFor != (order.Campaign, order.Bundle))
        {
            await UnloadAsync();
            _worker = await _create(order, cancellationToken);
            _worksFor = (order.Campaign, order.Bundle);
        }
        await _artifacts.FetchAsync(order.Needs, cancellationToken);
        try
        {
            Hear();
            var result = await _worker.DoAsync(order, report => OnReport(order, report, cancellationToken), cancellationToken);
            // Before it counts: what is done and then lost with this node is told, too.
            _note?.Invoke(string.Create(InvariantCulture, $"did {order.Id} of {order.Campaign} in {result.Seconds:0.0} s"));
            await OfferAsync(result.Leaves, cancellationToken);
            return result;
        }
        catch (UnfinishedWorkException e)
        {
            await OfferAsync(e.Partial.Leaves, cancellationToken);
            throw;
        }
    }

    private void Hear() => Interlocked.Exchange(ref _heard, _time.GetTimestamp());

    private void OnReport(WorkOrder order, ICampaignMessage report, CancellationToken cancellationToken)
    {
        Hear();
        Telemetry.Progressed(order, report);
        if (report is CheckpointWork checkpoint)
        {
            _checkpoint = Task.Run(() => OfferCheckpointAsync(order, checkpoint, cancellationToken), CancellationToken.None);
        }
        else
        {
            Listener?.Progressed(order.Campaign, report);
        }
    }

    /// <summary>Training goes on meanwhile. A checkpoint that nobody keeps is none: the next one may be.</summary>
    private async Task OfferCheckpointAsync(WorkOrder order, CheckpointWork checkpoint, CancellationToken givenUp)
    {
        using var end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        await using var ending = givenUp.Register(() => end.CancelAfter(LastCheckpointTimeout));
        try
        {
            using var pin = _cache?.Pin([checkpoint.Checkpoint]);
            await _artifacts.OfferAsync([checkpoint.Checkpoint], end.Token);
            Listener?.Progressed(order.Campaign, checkpoint);
        }
        catch (Exception e) when (e is BlobUnavailableException or StorageException or OperationCanceledException)
        {
        }
    }

    /// <summary>The work is done: whatever is the matter with those who keep it, it is not done again.</summary>
    private async Task OfferAsync(IEnumerable<Digest> digests, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await _artifacts.OfferAsync(digests, cancellationToken);
                return;
            }
            catch (BlobUnavailableException)
            {
                await Task.Delay(OfferPause, _time, cancellationToken);
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
}
